import type { AnyObject } from "../../../kube/object.ts";
import type { ApiResponse } from "../../../kube/transport.ts";
import { present } from "../../../lib/assert.ts";
import type { Backend } from "../backend.ts";
import { typeOfKind } from "../builtin-types.ts";
import { DecodeReport } from "../decode-report.ts";
import { invalidValue } from "../field-error.ts";
import {
  asObject,
  copyJson,
  type Draft,
  isObject,
  type JsonObject,
  valueAt,
  withValueAt,
} from "../json-object.ts";
import { invalid } from "../status.ts";
import { readStruct } from "../typed.ts";
import { readObjectBody } from "./body.ts";
import { type Call, jsonResponse } from "./call.ts";
import { selectorText } from "./label-selector-text.ts";
import { type WriteOptions, writeOptionsOf } from "./request-options.ts";
import { readConfiguration } from "./verb-apply.ts";
import { applyPatchTo, patchKindOf, readPatch } from "./verb-patch.ts";
import { findObject } from "./verb-read.ts";
import { updateObject } from "./write-update.ts";

/** GET of `/scale`. */
export function getScale(backend: Backend, call: Call): ApiResponse {
  return jsonResponse(call, 200, scaleOf(call, findObject(backend, call)));
}

/** PUT of `/scale`: only spec.replicas is taken; a resourceVersion is a precondition, and may be left out. */
export function putScale(backend: Backend, call: Call): ApiResponse {
  const { request } = call;
  const options = writeOptionsOf("UpdateOptions", request.query, request.headers["user-agent"]);
  const body = readObjectBody(request, "Scale", true, new DecodeReport());
  return writeScale(backend, call, findObject(backend, call), body.value, options);
}

export function patchScale(backend: Backend, call: Call): ApiResponse {
  const kind = patchKindOf(call);
  const { request } = call;
  const options = writeOptionsOf(
    "PatchOptions",
    request.query,
    request.headers["user-agent"],
    kind === "apply",
  );
  const patch = kind === "apply" ? readConfiguration(request) : readPatch(request, kind);
  const old = findObject(backend, call);
  const patched = applyPatchTo(scaleOf(call, old) as AnyObject, patch, kind);
  return writeScale(backend, call, old, patched, options);
}

function writeScale(
  backend: Backend,
  call: Call,
  old: AnyObject,
  wanted: JsonObject,
  options: WriteOptions,
): ApiResponse {
  const scale = asScale(wanted);
  const replicas = asObject(scale["spec"])["replicas"] ?? 0;
  const { definition } = call;
  if (!definition.custom && Number(replicas) < 0) {
    throw invalid({ group: "autoscaling", kind: "Scale" }, old.metadata.name, [
      invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"),
    ]);
  }
  const { specReplicasPath } = present(definition.scale, "the scale subresource's paths");
  const { resourceVersion } = asObject(scale["metadata"]);
  const scaled = withValueAt(old, specReplicasPath, replicas);
  const draft = withValueAt(scaled, ".metadata.resourceVersion", resourceVersion);
  const own = copyJson(draft) as Draft;
  const object = updateObject(backend, call, {
    old,
    draft: own,
    part: "scale",
    dryRun: options.dryRun,
    fieldManager: options.fieldManager,
    unconditional: true,
  });
  return jsonResponse(call, 200, scaleOf(call, object));
}

function asScale(value: JsonObject): Draft {
  const type = present(typeOfKind("autoscaling/v1", "Scale"), "the type of Scale");
  return readStruct(type, value, new DecodeReport());
}

/** An object as autoscaling/v1 Scale. */
function scaleOf(call: Call, object: AnyObject): JsonObject {
  const paths = present(call.definition.scale, "the scale subresource's paths");
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector =
    paths.labelSelectorPath === undefined ? undefined : valueAt(object, paths.labelSelectorPath);
  const scale = asScale({
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: valueAt(object, paths.specReplicasPath) },
    status: {
      replicas: valueAt(object, paths.statusReplicasPath) ?? 0,
      selector: isObject(selector) ? selectorText(selector) : selector,
    },
  });
  return { ...scale, kind: "Scale", apiVersion: "autoscaling/v1" };
}
