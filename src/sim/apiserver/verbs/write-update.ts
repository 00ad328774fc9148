import type { AnyObject } from "../../../kube/object.ts";
import { apiVersionOf } from "../../../kube/resource.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { setManagedFields, trackOwnership } from "../apply/field-owner.ts";
import type { Backend } from "../backend.ts";
import { invalidValue } from "../field-error.ts";
import { asList, asObject, type Draft, type JsonObject } from "../json-object.ts";
import { inheritMeta, metaUpdateErrors } from "../object-meta.ts";
import { storedGroup } from "../registry.ts";
import { conflict, internalError, invalid, MODIFIED_TEXT } from "../status.ts";
import type { Part } from "../strategy.ts";
import type { Call } from "./call.ts";

export interface Update {
  readonly old: AnyObject;
  /** Decoded, defaulted, in the stored version; it belongs to the update from here on. */
  readonly draft: Draft;
  readonly part: Part;
  readonly dryRun: boolean;
  /** Whether a missing resourceVersion means "whatever it is now". */
  readonly unconditional: boolean;
  readonly fieldManager: string;
  /** Those of a server-side apply; for other writes they follow from what has changed. */
  readonly managedFields?: readonly JsonObject[];
}

/**
 * Replaces an object, in the steps of the real server's rest.BeforeUpdate. Answers with the new object; what changes
 * nothing is not written, and removing the last finalizer of a deleted object removes it.
 */
export function updateObject(backend: Backend, call: Call, update: Update): AnyObject {
  const { old, draft, part } = update;
  const { definition } = call;
  const strategy = backend.strategies.of(definition);
  checkVersion(call, update);
  inheritMeta(draft, old);
  strategy.prepareUpdate(draft, old, part, backend.allocator);
  const { fieldManager, managedFields } = update;
  if (managedFields === undefined) trackOwnership(backend, call, fieldManager, draft, old);
  else setManagedFields(draft, managedFields);
  const object = draft as AnyObject;
  const errors = [
    ...metaUpdateErrors(object.metadata, old.metadata),
    ...strategy.validateUpdate(object, old, {
      part,
      apiVersion: apiVersionOf(definition),
      allocator: backend.allocator,
    }),
  ];
  if (errors.length > 0) {
    throw invalid({ group: storedGroup(definition), kind: object.kind }, old.metadata.name, errors);
  }
  if (isDeepEqual(object, old)) return old;
  if (update.dryRun) return object;
  if (isReleased(object, old)) {
    const last = backend.store.remove(definition.storage, old);
    backend.afterWrite(definition, last, true);
    return object;
  }
  const stored = backend.store.replace(definition.storage, object);
  backend.afterWrite(definition, stored, false);
  return stored;
}

/** The object waits for its deletion, and nothing holds it any longer. */
function isReleased(object: AnyObject, old: AnyObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = old.metadata;
  if (deletionTimestamp === undefined || (object.metadata.finalizers ?? []).length > 0) return false;
  if (asList(asObject(object["spec"])["finalizers"]).length > 0 && object.kind === "Namespace") return false;
  return (deletionGracePeriodSeconds ?? 0) === 0;
}

function checkVersion(call: Call, { old, draft, unconditional }: Update): void {
  const { definition } = call;
  const { name } = old.metadata;
  const meta = draft["metadata"] as Draft;
  const version = meta["resourceVersion"];
  if (version === undefined || version === "0") {
    if (!unconditional) {
      throw invalid({ group: definition.group, kind: definition.plural }, name, [
        invalidValue("metadata.resourceVersion", 0, "must be specified for an update"),
      ]);
    }
  } else if (typeof version !== "string" || !/^\d+$/.test(version)) {
    throw internalError(`strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  } else if (version !== old.metadata.resourceVersion) {
    throw conflict(definition, name, MODIFIED_TEXT);
  }
  meta["resourceVersion"] = old.metadata.resourceVersion;
}
