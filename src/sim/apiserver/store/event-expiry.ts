import type { AnyObject } from "../../../kube/object.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { ResourceDefinition } from "../registry.ts";
import { namespaceOf } from "./collection.ts";
import type { Store } from "./store.ts";

/** kube-apiserver's --event-ttl. */
const LIFETIME_MS = 3_600_000;

interface Deadline {
  readonly atMs: number;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string | undefined;
}

/**
 * Removes Events an hour after their last write, so that a cluster that runs for days does not fill up with them.
 * Nobody is woken for it: what has expired goes with the next Event that is written.
 */
export class EventExpiry {
  readonly #clock: Clock;
  #deadlines: Deadline[] = [];
  #first = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  afterWrite(store: Store, definition: ResourceDefinition, event: AnyObject): void {
    if (definition.storage !== "events") return;
    const { name, resourceVersion } = event.metadata;
    const now = this.#clock.now();
    this.#deadlines.push({ atMs: now + LIFETIME_MS, namespace: namespaceOf(event), name, resourceVersion });
    const collection = store.collection("events");
    for (let next = this.#due(now); next !== undefined; next = this.#due(now)) {
      const found = collection.get(next.namespace, next.name);
      if (found !== undefined && found.metadata.resourceVersion === next.resourceVersion)
        store.remove("events", found);
    }
  }

  #due(now: number): Deadline | undefined {
    const next = this.#deadlines[this.#first];
    if (next === undefined || next.atMs > now) return undefined;
    this.#first += 1;
    if (this.#first > this.#deadlines.length / 2) {
      this.#deadlines = this.#deadlines.slice(this.#first);
      this.#first = 0;
    }
    return next;
  }
}
