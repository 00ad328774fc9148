import type { KubeObject, ObjectKey } from "./object.ts";

/**
 * Objects of one resource as they are known here: what routers, workloads and the controller read from. No I/O.
 * Members: Cache. Objects are shared and never mutated.
 */
export interface Reader<T extends KubeObject> {
  get(key: ObjectKey): T | undefined;
  /** All objects, or those of one namespace, in no promised order. */
  list(namespace?: string): readonly T[];
  /** The objects that the named index (CacheOptions.indexes) files under `value`. */
  by(index: string, value: string): readonly T[];
}
