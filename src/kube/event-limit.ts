import { BoundedMap } from "../lib/bounded-map.ts";
import type { Clock } from "../lib/clock.ts";
import { identityOf } from "./event-object.ts";
import type { KubeObject } from "./object.ts";

/** So many new texts about an object at once, then one each REFILL_MS. */
const BURST = 25;
const REFILL_MS = 30_000;
const MAX_BUCKETS = 4_096;

interface Bucket {
  tokens: number;
  lastMs: number;
  dropped: number;
}

/**
 * Keeps one object from filling the event store. Warnings have a bucket of their own, so that chatter cannot drown them.
 * Bounded: the object that was quiet longest is forgotten first, and begins anew with a full bucket.
 */
export class EventLimit {
  readonly #clock: Clock;
  readonly #buckets = new BoundedMap<string, Bucket>(MAX_BUCKETS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes one token; counts a drop when there is none. */
  admits(object: KubeObject, type: string): boolean {
    const bucket = this.#bucket(object, type);
    const now = this.#clock.now();
    const refilled = Math.max(0, now - bucket.lastMs) / REFILL_MS;
    bucket.tokens = Math.min(BURST, bucket.tokens + refilled);
    bucket.lastMs = now;
    if (bucket.tokens < 1) {
      bucket.dropped += 1;
      return false;
    }
    bucket.tokens -= 1;
    return true;
  }

  /** How many were dropped since this was last asked. */
  takeDropped(object: KubeObject, type: string): number {
    const bucket = this.#bucket(object, type);
    const { dropped } = bucket;
    bucket.dropped = 0;
    return dropped;
  }

  #bucket(object: KubeObject, type: string): Bucket {
    const id = `${identityOf(object)} ${type}`;
    const bucket = this.#buckets.get(id) ?? { tokens: BURST, lastMs: this.#clock.now(), dropped: 0 };
    this.#buckets.set(id, bucket);
    return bucket;
  }
}
