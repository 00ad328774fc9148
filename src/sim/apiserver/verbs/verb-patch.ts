import type { AnyObject } from "../../../kube/object.ts";
import type { ApiRequest, ApiResponse } from "../../../kube/transport.ts";
import type { Backend } from "../backend.ts";
import { typeOfKind } from "../builtin-types.ts";
import { decodeObject } from "../codec.ts";
import { toServed, toStored } from "../conversion.ts";
import { DecodeReport } from "../decode-report.ts";
import { invalidValue } from "../field-error.ts";
import { asObject, type Draft, isObject, type JsonObject } from "../json-object.ts";
import { readJson, UnreadableText } from "../json-text.ts";
import { badRequest, invalid, unsupportedBody, unsupportedMediaType } from "../status.ts";
import type { Part } from "../strategy.ts";
import { contentTypeOf } from "./body.ts";
import { type Call, jsonResponse } from "./call.ts";
import { mergePatch } from "./json-merge-patch.ts";
import { jsonPatch } from "./json-patch.ts";
import { type WriteOptions, writeOptionsOf } from "./request-options.ts";
import { strategicMerge } from "./strategic-merge-patch.ts";
import { findObject } from "./verb-read.ts";
import { checkName } from "./verb-write.ts";
import { placeInNamespace } from "./write-create.ts";
import { updateObject } from "./write-update.ts";

export const APPLY_TYPE = "application/apply-patch+yaml";
const CUSTOM_TYPES = ["application/json-patch+json", "application/merge-patch+json", APPLY_TYPE];

type PatchKind = "json" | "merge" | "strategic" | "apply";

const KINDS: Readonly<Record<string, PatchKind>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  [APPLY_TYPE]: "apply",
};

/** What a PATCH wants; 415 for a body of another type. */
export function patchKindOf(call: Call): PatchKind {
  const kind = KINDS[contentTypeOf(call.request)];
  if (call.definition.custom && (kind === undefined || kind === "strategic"))
    throw unsupportedBody(CUSTOM_TYPES);
  if (kind === undefined) throw unsupportedMediaType("415: Unsupported Media Type");
  return kind;
}

/** JSON patch and merge patch of an object or of its status. */
export function patchObject(backend: Backend, call: Call, part: Part): ApiResponse {
  const kind = patchKindOf(call);
  const options = writeOptionsOf("PatchOptions", call.request.query, call.request.headers["user-agent"]);
  const patch = readPatch(call.request, kind);
  const old = findObject(backend, call);
  const patched = applyPatchTo(toServed(call.definition, old), patch, kind);
  const draft = decodePatched(backend, call, patched, options);
  const object = updateObject(backend, call, {
    old,
    draft,
    part,
    dryRun: options.dryRun,
    fieldManager: options.fieldManager,
    unconditional: !call.definition.custom,
  });
  return jsonResponse(call, 200, toServed(call.definition, object));
}

export function applyPatchTo(target: AnyObject, patch: unknown, kind: PatchKind): JsonObject {
  const type = typeOfKind(target.apiVersion, target.kind);
  if (kind === "strategic" && type !== undefined) return strategicMerge(type, target, asObject(patch));
  const patched = kind === "json" ? jsonPatch(target, patch) : mergePatch(target, patch);
  return isObject(patched) ? patched : {};
}

/** The patch in the body; 400 when it cannot be read. */
export function readPatch(request: ApiRequest, kind: PatchKind): unknown {
  const { body } = request;
  const patch = typeof body === "string" || body === undefined ? parse(body ?? "") : body;
  if (kind !== "json" && !isObject(patch)) {
    const found = Array.isArray(patch) ? "array" : typeof patch;
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`,
    );
  }
  return patch;
}

function parse(text: string): unknown {
  try {
    return readJson(text);
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    throw badRequest(`error decoding patch: ${error.message}`);
  }
}

/** The patched object, checked as a body is; what is wrong with it is 422 and about "patch". */
export function decodePatched(
  backend: Backend,
  call: Call,
  patched: JsonObject,
  options: WriteOptions,
): Draft {
  const { definition } = call;
  const report = new DecodeReport();
  const draft = decodeOrRefuse(call, patched, report);
  const { problems } = report;
  if (problems.length > 0 && options.fieldValidation === "Strict") {
    throw invalidPatch(patched, `strict decoding error: ${problems.join(", ")}`);
  }
  if (options.fieldValidation === "Warn") call.warnings.push(...problems);
  const stored = toStored(definition, draft, definition.storedApiVersion);
  backend.strategies.of(definition).setDefaults(stored);
  const meta = stored["metadata"] as Draft;
  checkName(call.name ?? "", meta["name"]);
  placeInNamespace(call, meta);
  return stored;
}

function decodeOrRefuse(call: Call, patched: JsonObject, report: DecodeReport): Draft {
  try {
    return decodeObject(call.definition, patched, report);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "DecodeFailure") throw error;
    throw invalidPatch(patched, error.message);
  }
}

function invalidPatch(patched: JsonObject, reason: string): Error {
  return invalid({ group: "", kind: "" }, "", [invalidValue("patch", JSON.stringify(patched), reason)]);
}
