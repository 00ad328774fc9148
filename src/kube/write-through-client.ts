import { ApiError, hasNoAnswer, isAlreadyExists, isConflict, isForbidden, isNotFound } from "./api-error.ts";
import type { Cache } from "./cache.ts";
import type {
  ApplyOptions,
  CallOptions,
  Client,
  DeleteOptions,
  Deletion,
  ListOptions,
  ObjectList,
  Patch,
  Subresource,
  SubresourceOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./client.ts";
import type { Doubts } from "./doubts.ts";
import { type KubeObject, keyOf, type ObjectKey } from "./object.ts";
import type { Resource } from "./resource.ts";

/** The caches that hold a resource: none, one, or several with different scopes. */
export type CachesOf = <T extends KubeObject>(resource: Resource<T>) => readonly Cache<T>[];

interface Write {
  readonly key: ObjectKey;
  readonly subresource?: Subresource | undefined;
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A Client that writes what every answer has taught into the caches, so that whoever reads them next sees it, whatever
 * the watch's lag:
 * - the answer to a write is recorded as an own write;
 * - a read is taken for newer than what the watch has told;
 * - a delete or a "not found" removes what was there before the request;
 * - a conflict means that the cache is behind, so the object is read once, and the next attempt finds it fresh;
 * - a write without an answer may have come to pass: the object is in doubt until it is read.
 */
export class WriteThroughClient implements Client {
  readonly #client: Client;
  readonly #cachesOf: CachesOf;
  readonly #doubts: Doubts;

  constructor(client: Client, cachesOf: CachesOf, doubts: Doubts) {
    this.#client = client;
    this.#cachesOf = cachesOf;
    this.#doubts = doubts;
  }

  async get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T> {
    const caches = this.#cachesOf(resource);
    const before = caches.map((cache) => cache.newest);
    try {
      const object = await this.#client.get(resource, key, options);
      for (const cache of caches) cache.refresh(object);
      return object;
    } catch (error) {
      this.#learnAbsence(error, resource, { key }, before);
      throw error;
    }
  }

  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.#client.list(resource, options);
  }

  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    return this.#client.watch(resource, options);
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T> {
    return this.#write(resource, { key: keyOf(object), ...options }, () =>
      this.#client.create(resource, object, options),
    );
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: SubresourceOptions): Promise<T> {
    return this.#write(resource, { key: keyOf(object), ...options }, () =>
      this.#client.update(resource, object, options),
    );
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options?: SubresourceOptions,
  ): Promise<T> {
    return this.#write(resource, { key, ...options }, () =>
      this.#client.patch(resource, key, patch, options),
    );
  }

  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: KubeObject,
    options?: ApplyOptions & SubresourceOptions,
  ): Promise<T> {
    return this.#write(resource, { key: keyOf(object), ...options }, () =>
      this.#client.apply(resource, object, options),
    );
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options?: DeleteOptions,
  ): Promise<Deletion<T>> {
    const caches = this.#cachesOf(resource);
    const before = caches.map((cache) => cache.newest);
    try {
      const deletion = await this.#client.delete(resource, key, options);
      for (const [index, cache] of caches.entries()) {
        if (deletion.kind === "terminating") cache.record(deletion.object);
        else cache.recordAbsence(key, { uid: deletion.uid, upTo: before[index] ?? 0 });
      }
      this.#doubts.clear(resource, key);
      return deletion;
    } catch (error) {
      await this.#learnFrom(error, resource, { key, signal: options?.signal }, before);
      throw error;
    }
  }

  async #write<T extends KubeObject>(
    resource: Resource<T>,
    write: Write,
    perform: () => Promise<T>,
  ): Promise<T> {
    const caches = this.#cachesOf(resource);
    const before = caches.map((cache) => cache.newest);
    try {
      const answer = await perform();
      if (write.dryRun === true) return answer;
      // The answer to a scale is a Scale, not the object.
      if (write.subresource === "scale") await this.#refresh(resource, write);
      else for (const cache of caches) cache.record(answer);
      this.#doubts.clear(resource, write.key);
      return answer;
    } catch (error) {
      await this.#learnFrom(error, resource, write, before);
      throw error;
    }
  }

  async #learnFrom<T extends KubeObject>(
    error: unknown,
    resource: Resource<T>,
    write: Write,
    before: readonly number[],
  ): Promise<void> {
    const isBehind = isConflict(error) || isAlreadyExists(error);
    if (isBehind && (await this.#refresh(resource, write))) this.#doubts.clear(resource, write.key);
    // Who gives a write up does not call it back.
    if (hasNoAnswer(error) || write.signal?.aborted === true) this.#doubt(resource, write.key);
    this.#learnAbsence(error, resource, write, before);
  }

  #learnAbsence<T extends KubeObject>(
    error: unknown,
    resource: Resource<T>,
    write: Write,
    before: readonly number[],
  ): void {
    if (!isAbsence(error, write)) return;
    for (const [index, cache] of this.#cachesOf(resource).entries()) {
      cache.recordAbsence(write.key, { upTo: before[index] ?? 0 });
    }
  }

  #doubt<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): void {
    const isCached = this.#cachesOf(resource).length > 0 && key.name !== "";
    if (isCached) this.#doubts.note(resource, key, () => this.#refresh(resource, { key }));
  }

  /**
   * One read for the caches. When it fails, they wait for the watch as they would have without it. Resolves to whether it is
   * known what there is; who may not read need not ask again. "Too many requests" is an answer, and tells nothing.
   */
  async #refresh<T extends KubeObject>(resource: Resource<T>, write: Write): Promise<boolean> {
    if (this.#cachesOf(resource).length === 0 || write.key.name === "") return false;
    try {
      await this.get(resource, write.key, { signal: write.signal });
      return true;
    } catch (error) {
      return isNotFound(error) || isForbidden(error);
    }
  }
}

/** "Not found" means this object, and neither its namespace nor a subresource or kind that is not served. */
function isAbsence(error: unknown, write: Write): boolean {
  if (!isNotFound(error) || write.subresource !== undefined) return false;
  return error instanceof ApiError && error.status.details?.name === write.key.name;
}
