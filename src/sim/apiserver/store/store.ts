import type { AnyObject } from "../../../kube/object.ts";
import { assert } from "../../../lib/assert.ts";
import { Collection, namespaceOf } from "./collection.ts";

/** Versions below stand for "long gone", so that `resourceVersion=1` is too old on a fresh server, too. */
const FIRST_REVISION = 1_000;

/**
 * etcd in memory: collections of objects under one rising revision. Writes are synchronous and whole; who writes has
 * checked everything before. Objects are stored in one version of their resource.
 */
export class Store {
  readonly #collections = new Map<string, Collection>();
  readonly #historyLimit: number;
  #revision = FIRST_REVISION;

  /** `historyLimit`: at least so many changes of each collection can still be watched from. */
  constructor(historyLimit: number) {
    assert(historyLimit > 0, "the history holds at least one change");
    this.#historyLimit = historyLimit;
  }

  /** Of the last write. */
  get revision(): number {
    return this.#revision;
  }

  /** The collection of a resource (ResourceDefinition.storage); it begins with the first call. */
  collection(storage: string): Collection {
    const known = this.#collections.get(storage);
    if (known !== undefined) return known;
    const collection = new Collection(this.#revision, this.#historyLimit);
    this.#collections.set(storage, collection);
    return collection;
  }

  /** Forgets the objects and the history of a resource that is no longer served. */
  drop(storage: string): void {
    this.#collections.delete(storage);
  }

  /** Adds an object under a name that is free; answers with the stored object. */
  insert(storage: string, object: AnyObject): AnyObject {
    const collection = this.collection(storage);
    const { name } = object.metadata;
    assert(collection.get(namespaceOf(object), name) === undefined, `${storage} ${name} exists`);
    const revision = this.#next();
    const stored = withRevision(object, revision);
    collection.apply({ revision, type: "ADDED", object: stored, previous: undefined });
    return stored;
  }

  /** Replaces the object of the same name; answers with the stored object. */
  replace(storage: string, object: AnyObject): AnyObject {
    const collection = this.collection(storage);
    const previous = collection.get(namespaceOf(object), object.metadata.name);
    assert(previous !== undefined, `${storage} ${object.metadata.name} does not exist`);
    const revision = this.#next();
    const stored = withRevision(object, revision);
    collection.apply({ revision, type: "MODIFIED", object: stored, previous });
    return stored;
  }

  /** Removes an object; answers with its last state under the revision of the deletion. */
  remove(storage: string, object: AnyObject): AnyObject {
    const collection = this.collection(storage);
    const previous = collection.get(namespaceOf(object), object.metadata.name);
    assert(previous !== undefined, `${storage} ${object.metadata.name} does not exist`);
    const revision = this.#next();
    const last = withRevision(previous, revision);
    collection.apply({ revision, type: "DELETED", object: last, previous });
    return last;
  }

  #next(): number {
    this.#revision += 1;
    return this.#revision;
  }
}

function withRevision(object: AnyObject, revision: number): AnyObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
