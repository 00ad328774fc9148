import type { ChangeHandler } from "./cache.ts";
import type { KubeObject, ObjectKey } from "./object.ts";
import type { Reader } from "./reader.ts";

/** A Reader that tells of changes. Members: Cache, CacheUnion. */
export interface WatchedReader<T extends KubeObject> extends Reader<T> {
  /** As Cache.subscribe. */
  subscribe(handler: ChangeHandler<T>): () => void;
}

/** Caches of one resource in several namespaces, read as one: for a process that may not look at the whole cluster. */
export class CacheUnion<T extends KubeObject> implements WatchedReader<T> {
  readonly #caches: ReadonlyMap<string, WatchedReader<T>>;

  /** By namespace. */
  constructor(caches: ReadonlyMap<string, WatchedReader<T>>) {
    this.#caches = caches;
  }

  get(key: ObjectKey): T | undefined {
    return this.#caches.get(key.namespace ?? "")?.get(key);
  }

  list(namespace?: string): readonly T[] {
    if (namespace !== undefined) return this.#caches.get(namespace)?.list() ?? [];
    return [...this.#caches.values()].flatMap((cache) => cache.list());
  }

  by(index: string, value: string): readonly T[] {
    return [...this.#caches.values()].flatMap((cache) => cache.by(index, value));
  }

  subscribe(handler: ChangeHandler<T>): () => void {
    const ends = [...this.#caches.values()].map((cache) => cache.subscribe(handler));
    return () => {
      for (const end of ends) end();
    };
  }
}
