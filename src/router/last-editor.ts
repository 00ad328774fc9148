import { FIELD_MANAGER } from "../api/kind.ts";
import type { KubeObject } from "../kube/object.ts";

interface Entry {
  readonly manager?: string;
  readonly time?: string;
  readonly subresource?: string;
}

/**
 * Who wrote the object last, by its managedFields; null when that was us, or nobody tells. Times have seconds: of two
 * writes in one second the other's counts as the later one.
 */
export function lastEditor(object: KubeObject): string | null {
  const entries = (object.metadata.managedFields ?? []) as readonly Entry[];
  let last: Entry | null = null;
  for (const entry of entries) {
    if (entry.subresource !== undefined || entry.manager === undefined) continue;
    const isLater = (entry.time ?? "") > (last?.time ?? "");
    const isSame = (entry.time ?? "") === (last?.time ?? "");
    if (last === null || isLater || (isSame && last.manager === FIELD_MANAGER)) last = entry;
  }
  return last?.manager === undefined || last.manager === FIELD_MANAGER ? null : last.manager;
}

/** For caches: who wrote an object and when, without the fields, which are often half of it. */
export function withEditorsOnly<T extends KubeObject>(object: T): T {
  const { managedFields } = object.metadata;
  if (managedFields === undefined) return object;
  const editors = (managedFields as readonly Entry[]).map(({ manager, time, subresource }) => ({
    manager,
    time,
    ...(subresource === undefined ? {} : { subresource }),
  }));
  return { ...object, metadata: { ...object.metadata, managedFields: editors } };
}
