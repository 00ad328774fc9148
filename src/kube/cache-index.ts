import type { KubeObject } from "./object.ts";

/** The values under which an object is filed: none, one or several. */
export type IndexFunction<T extends KubeObject> = (object: T) => readonly string[];

/** Uids of the owners: finds the ReplicaSets of a Deployment, the pods of a ReplicaSet. */
export function ownerUids(object: KubeObject): readonly string[] {
  return (object.metadata.ownerReferences ?? []).map((owner) => owner.uid);
}

/** Files keys under values, and forgets a value with its last key. */
export class Index<T extends KubeObject> {
  readonly #valuesOf: IndexFunction<T>;
  readonly #keys = new Map<string, Set<string>>();

  constructor(valuesOf: IndexFunction<T>) {
    this.#valuesOf = valuesOf;
  }

  /** The keys under a value. */
  keys(value: string): Iterable<string> {
    return this.#keys.get(value) ?? [];
  }

  /** Moves a key from where the old object stood to where the new one does. */
  move(key: string, oldObject: T | undefined, newObject: T | undefined): void {
    for (const value of oldObject === undefined ? [] : this.#valuesOf(oldObject)) this.#remove(value, key);
    for (const value of newObject === undefined ? [] : this.#valuesOf(newObject)) this.#add(value, key);
  }

  #add(value: string, key: string): void {
    const keys = this.#keys.get(value);
    if (keys === undefined) this.#keys.set(value, new Set([key]));
    else keys.add(key);
  }

  #remove(value: string, key: string): void {
    const keys = this.#keys.get(value);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(value);
  }
}
