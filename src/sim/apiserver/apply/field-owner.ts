import type { AnyObject } from "../../../kube/object.ts";
import { type Backend, nowText } from "../backend.ts";
import { typeOfKind } from "../builtin-types.ts";
import { DecodeReport } from "../decode-report.ts";
import type { Draft, JsonObject } from "../json-object.ts";
import type { ResourceDefinition } from "../registry.ts";
import { readStruct } from "../typed.ts";
import type { Call } from "../verbs/call.ts";
import { type OwnershipContext, ownershipAfterUpdate } from "./ownership.ts";

export function ownershipContext(backend: Backend, call: Call, fieldManager: string): OwnershipContext {
  const { definition, subresource = "" } = call;
  return {
    codec: backend.fieldSets,
    definition,
    view: backend.views.of(definition),
    writer: {
      name: fieldManager,
      apiVersion: definition.storedApiVersion,
      subresource,
      time: nowText(backend),
    },
  };
}

/** Records in a draft who owns its fields, after a create (`old` undefined), a PUT or a patch. */
export function trackOwnership(
  backend: Backend,
  call: Call,
  fieldManager: string,
  draft: Draft,
  old: AnyObject | undefined,
): void {
  const context = ownershipContext(backend, call, fieldManager);
  const before = old ?? emptyObject(call.definition);
  const managedFields = ownershipAfterUpdate(context, before, draft, old?.metadata.managedFields);
  setManagedFields(draft, managedFields);
}

export function setManagedFields(draft: Draft, managedFields: readonly JsonObject[]): void {
  const meta = draft["metadata"] as Draft;
  if (managedFields.length > 0) meta["managedFields"] = managedFields;
  else delete meta["managedFields"];
}

/** What a new object is compared with: the zero value of a built-in type. */
function emptyObject(definition: ResourceDefinition): JsonObject {
  const type = definition.custom ? undefined : typeOfKind(definition.storedApiVersion, definition.kind);
  return type === undefined ? {} : readStruct(type, {}, new DecodeReport());
}
