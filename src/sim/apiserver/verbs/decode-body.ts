import { apiVersionOf } from "../../../kube/resource.ts";
import { typeOfKind } from "../builtin-types.ts";
import { decodeObject } from "../codec.ts";
import { toStored } from "../conversion.ts";
import { DecodeReport } from "../decode-report.ts";
import type { Draft, JsonObject } from "../json-object.ts";
import { badRequest } from "../status.ts";
import type { Strategy } from "../strategy.ts";
import { readStruct } from "../typed.ts";
import { DecodeFailure } from "../typed-scalar.ts";
import { readObjectBody } from "./body.ts";
import type { Call } from "./call.ts";
import type { WriteOptions } from "./request-options.ts";

/** The object of a create or PUT: decoded, in the stored version, with defaults. Fails with 400 as the real one does. */
export function decodeBody(call: Call, strategy: Strategy, options: WriteOptions): Draft {
  const { definition } = call;
  const report = new DecodeReport();
  const body = readObjectBody(call.request, definition.kind, !definition.custom, report);
  const kind = body.kind === "" ? definition.kind : body.kind;
  const apiVersion = body.apiVersion === "" ? apiVersionOf(definition) : body.apiVersion;
  checkType(call, apiVersion, kind, body.value);
  const draft = handled(kind, apiVersion, definition.kind, () =>
    decodeObject(definition, body.value, report),
  );
  const { problems } = report;
  if (problems.length > 0 && options.fieldValidation === "Strict") {
    throw cannotBeHandled(kind, apiVersion, definition.kind, `strict decoding error: ${problems.join(", ")}`);
  }
  if (options.fieldValidation === "Warn") call.warnings.push(...problems);
  const stored = toStored(definition, draft, definition.storedApiVersion);
  strategy.setDefaults(stored);
  return stored;
}

/** A body of another version is 400. Of another kind it is 400 for a built-in path; custom resources validate it. */
function checkType(call: Call, apiVersion: string, kind: string, value: JsonObject): void {
  const { definition } = call;
  const expected = apiVersionOf(definition);
  if (definition.custom) {
    if (apiVersion !== expected) throw wrongVersion(apiVersion, expected, unknownMembers(value));
    return;
  }
  if (apiVersion === expected && kind === definition.kind) return;
  const type = typeOfKind(apiVersion, kind);
  if (type === undefined) {
    throw cannotBeHandled(
      kind,
      apiVersion,
      definition.kind,
      `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    );
  }
  handled(kind, apiVersion, definition.kind, () => readStruct(type, value, new DecodeReport()));
  if (kind === definition.kind) throw wrongVersion(apiVersion, expected, []);
  throw cannotBeHandled(
    kind,
    apiVersion,
    definition.kind,
    `converting (${kind}) to (${definition.kind}): unknown conversion`,
  );
}

/** The server has no schema for a version that it does not serve, and so knows none of its members. */
function unknownMembers(value: JsonObject): readonly string[] {
  const known = new Set(["apiVersion", "kind", "metadata"]);
  return Object.keys(value)
    .filter((name) => !known.has(name))
    .map((name) => `unknown field "${name}"`);
}

function wrongVersion(found: string, expected: string, warnings: readonly string[]): Error {
  return badRequest(
    `the API version in the data (${found}) does not match the expected API version (${expected})`,
    warnings,
  );
}

function handled<T>(kind: string, apiVersion: string, expectedKind: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof DecodeFailure)) throw error;
    throw cannotBeHandled(kind, apiVersion, expectedKind, error.message);
  }
}

function cannotBeHandled(kind: string, apiVersion: string, expectedKind: string, reason: string): Error {
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${expectedKind}: ${reason}`);
}
