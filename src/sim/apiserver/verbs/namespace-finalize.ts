import type { AnyObject } from "../../../kube/object.ts";
import type { ApiResponse } from "../../../kube/transport.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import type { Backend } from "../backend.ts";
import { DecodeReport } from "../decode-report.ts";
import { asList, asObject } from "../json-object.ts";
import { conflict, MODIFIED_TEXT } from "../status.ts";
import { readObjectBody } from "./body.ts";
import { type Call, jsonResponse } from "./call.ts";
import { findObject } from "./verb-read.ts";

/** PUT of `namespaces/NAME/finalize`: sets spec.finalizers; a namespace on its way out goes with the last one. */
export function finalizeNamespace(backend: Backend, call: Call): ApiResponse {
  const { value } = readObjectBody(call.request, "Namespace", true, new DecodeReport());
  const old = findObject(backend, call);
  const { resourceVersion } = asObject(value["metadata"]);
  if (typeof resourceVersion === "string" && resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(call.definition, old.metadata.name, MODIFIED_TEXT);
  }
  const finalizers = asList(asObject(value["spec"])["finalizers"]);
  return jsonResponse(call, 200, write(backend, call, old, finalizers));
}

function write(backend: Backend, call: Call, old: AnyObject, finalizers: readonly unknown[]): AnyObject {
  const { storage } = call.definition;
  const { finalizers: _, ...spec } = asObject(old["spec"]);
  const object: AnyObject = { ...old, spec: finalizers.length === 0 ? spec : { ...spec, finalizers } };
  if (isDeepEqual(object, old)) return old;
  const isReleased = finalizers.length === 0 && (old.metadata.finalizers ?? []).length === 0;
  if (isReleased && old.metadata.deletionTimestamp !== undefined) {
    const last = backend.store.remove(storage, old);
    backend.afterWrite(call.definition, last, true);
    return object;
  }
  const stored = backend.store.replace(storage, object);
  backend.afterWrite(call.definition, stored, false);
  return stored;
}
