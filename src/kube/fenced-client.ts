import { type Clock, deadline } from "../lib/clock.ts";
import { OperationError } from "../lib/errors.ts";
import type {
  ApplyOptions,
  CallOptions,
  Client,
  DeleteOptions,
  Deletion,
  ListOptions,
  ObjectList,
  Patch,
  SubresourceOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./client.ts";
import type { KubeObject, ObjectKey } from "./object.ts";
import type { Resource } from "./resource.ts";

/** This process does not lead (any more), so it does not write. */
export class NotLeaderError extends OperationError {
  readonly code = "NotLeader";
}

/** Who may write. Member: LeaderElector. */
export interface Leadership {
  /** How long a write that begins now may take; 0: none may begin. */
  writableMs(): number;
}

/**
 * A Client that reads always and writes only while this process leads: it asks before every write, and cuts off one that
 * is still under way when another process might take over. What slips through is stopped by the resourceVersion or field
 * manager that every write carries.
 */
export class FencedClient implements Client {
  readonly #client: Client;
  readonly #leadership: Leadership;
  readonly #clock: Clock;

  constructor(client: Client, leadership: Leadership, clock: Clock) {
    this.#client = client;
    this.#leadership = leadership;
    this.#clock = clock;
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T> {
    return this.#client.get(resource, key, options);
  }

  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.#client.list(resource, options);
  }

  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    return this.#client.watch(resource, options);
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#fence(options, (signal) => this.#client.create(resource, object, { ...options, signal }));
  }

  update<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: SubresourceOptions = {},
  ): Promise<T> {
    return this.#fence(options, (signal) => this.#client.update(resource, object, { ...options, signal }));
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options: SubresourceOptions = {},
  ): Promise<T> {
    return this.#fence(options, (signal) => this.#client.patch(resource, key, patch, { ...options, signal }));
  }

  apply<T extends KubeObject>(
    resource: Resource<T>,
    object: KubeObject,
    options: ApplyOptions & SubresourceOptions = {},
  ): Promise<T> {
    return this.#fence(options, (signal) => this.#client.apply(resource, object, { ...options, signal }));
  }

  delete<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<Deletion<T>> {
    return this.#fence(options, (signal) => this.#client.delete(resource, key, { ...options, signal }));
  }

  async #fence<R>(options: CallOptions, write: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const writableMs = this.#leadership.writableMs();
    if (writableMs <= 0) throw new NotLeaderError("writing: this process does not lead");
    const limit = deadline(this.#clock, writableMs, {
      parent: options.signal,
      reason: () => new NotLeaderError("writing: the lease ran out before the answer came"),
    });
    try {
      return await write(limit.signal);
    } finally {
      limit.release();
    }
  }
}
