import type { Clock } from "../lib/clock.ts";
import { type Logger, silentLogger } from "../telemetry/logger.ts";
import { Cache, type CacheOptions } from "./cache.ts";
import type { Client } from "./client.ts";
import { Doubts } from "./doubts.ts";
import type { KubeObject } from "./object.ts";
import { OptionalCache } from "./optional-reader.ts";
import { Reflector, type ReflectorOptions } from "./reflector.ts";
import { type Resource, resourceText } from "./resource.ts";
import { WriteThroughClient } from "./write-through-client.ts";

export interface CacheSetOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger?: Logger;
  /** Intervals of all reflectors, where the defaults do not fit. */
  readonly reflector?: Partial<
    Pick<ReflectorOptions<KubeObject>, "pageSize" | "idleMs" | "watchMs" | "relistMs" | "backoff">
  >;
  readonly onRestart?: ReflectorOptions<KubeObject>["onRestart"];
}

export interface CacheState {
  readonly resource: string;
  /** Absent: all. */
  readonly namespace?: string;
  readonly objects: number;
  readonly hasSynced: boolean;
  /** The resourceVersion up to which everything has been told. */
  readonly version: number;
  readonly problem: string | null;
}

/** The caches of a process, each fed by its reflector, and the client that keeps them ahead of their watches. */
export class CacheSet {
  /** Writes through this client are in the caches when they return. */
  readonly client: Client;
  /** What they may have changed without an answer. */
  readonly doubts = new Doubts();
  readonly #options: CacheSetOptions;
  readonly #caches = new Map<string, Cache<KubeObject>[]>();
  /** Several where a resource has caches of several scopes. */
  readonly #reflectors: { readonly name: string; readonly reflector: Reflector<KubeObject> }[] = [];
  readonly #fed: (() => CacheState)[] = [];

  constructor(options: CacheSetOptions) {
    this.#options = options;
    this.client = new WriteThroughClient(options.client, (resource) => this.#cachesOf(resource), this.doubts);
  }

  /** A new cache; it fills after `start`. */
  add<T extends KubeObject>(resource: Resource<T>, options: CacheOptions<T> = {}): Cache<T> {
    return this.#add(resource, options, false).cache;
  }

  /** Likewise, of a resource that the cluster need not have, or let us read. */
  addOptional<T extends KubeObject>(resource: Resource<T>, options: CacheOptions<T> = {}): OptionalCache<T> {
    const { cache, reflector } = this.#add(resource, options, true);
    return new OptionalCache(cache, () => reflector.absence);
  }

  #add<T extends KubeObject>(resource: Resource<T>, options: CacheOptions<T>, isOptional: boolean) {
    const { client, clock, random, logger = silentLogger, reflector, onRestart } = this.#options;
    const cache = new Cache(resource, { logger, ...options });
    const name = resourceText(resource);
    // The map holds caches of all kinds; #cachesOf gives each back under the resource it was filed by.
    const erased = cache as unknown as Cache<KubeObject>;
    this.#caches.set(name, [...(this.#caches.get(name) ?? []), erased]);
    const parts = { client, cache: erased, clock, random, logger };
    const fed = new Reflector({ ...parts, ...reflector, onRestart, isOptional });
    this.#reflectors.push({ name, reflector: fed });
    this.#fed.push(() => ({
      resource: name,
      ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
      objects: cache.size,
      hasSynced: cache.hasSynced,
      version: cache.progress,
      problem: fed.problem,
    }));
    return { cache, reflector: fed };
  }

  start(): void {
    for (const { reflector } of this.#reflectors) reflector.start();
  }

  /** Resolves when every cache has its first list, or when the set is stopped. */
  async synced(): Promise<void> {
    await Promise.all(this.#reflectors.map(({ reflector }) => reflector.synced()));
  }

  /**
   * Trusts no watch of before: lists these resources again, and opens the watches of all others anew. Resolves when the
   * lists are here, or when the set is stopped.
   */
  async renew(listed: readonly Resource[]): Promise<void> {
    const names = new Set(listed.map(resourceText));
    const lists: Promise<void>[] = [];
    for (const { name, reflector } of this.#reflectors) {
      if (names.has(name)) lists.push(reflector.relist());
      else reflector.reopen();
    }
    await Promise.all(lists);
  }

  /** One sentence for each resource that cannot be listed or watched at present; for readiness and logs. */
  problems(): readonly string[] {
    return this.#reflectors.flatMap(({ reflector: { problem } }) => (problem === null ? [] : [problem]));
  }

  /** How each cache stands, for support. */
  state(): readonly CacheState[] {
    return this.#fed.map((read) => read());
  }

  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map(({ reflector }) => reflector.stop()));
  }

  #cachesOf<T extends KubeObject>(resource: Resource<T>): readonly Cache<T>[] {
    return (this.#caches.get(resourceText(resource)) ?? []) as unknown as readonly Cache<T>[];
  }
}
