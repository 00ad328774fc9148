import type { Clock } from "../lib/clock.ts";

/** "high": commands of people, failing canaries; before all others. */
export type Priority = "high" | "normal";

/** What comes next, and how long it has waited. */
interface Next {
  readonly key: string;
  readonly waitedMs: number;
}

/** So many keys of high priority are taken in a row while others wait; then one of those gets its turn. */
const MAX_HIGH_IN_A_ROW = 8;

/** Keys that wait for a worker: first in, first out within a priority, each at most once. */
export class ReadyKeys {
  readonly #clock: Clock;
  /** Key to the time when it came; in order of arrival. */
  readonly #high = new Map<string, number>();
  readonly #normal = new Map<string, number>();
  #highInARow = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#high.size + this.#normal.size;
  }

  has(key: string): boolean {
    return this.#high.has(key) || this.#normal.has(key);
  }

  /** Adds a key; one that waits already keeps its time, and moves only from normal to high. */
  push(key: string, priority: Priority): void {
    const since = this.#normal.get(key) ?? this.#clock.now();
    if (this.#high.has(key)) return;
    if (priority === "high") {
      this.#normal.delete(key);
      this.#high.set(key, since);
    } else if (!this.#normal.has(key)) this.#normal.set(key, since);
  }

  /** The next key; undefined when none waits. */
  shift(): Next | undefined {
    const isTurnOfNormal =
      this.#high.size === 0 || (this.#highInARow >= MAX_HIGH_IN_A_ROW && this.#normal.size > 0);
    this.#highInARow = isTurnOfNormal ? 0 : this.#highInARow + 1;
    return this.#first(isTurnOfNormal ? this.#normal : this.#high);
  }

  /** The next key of high priority; undefined when none waits. */
  shiftHigh(): Next | undefined {
    return this.#first(this.#high);
  }

  clear(): void {
    this.#high.clear();
    this.#normal.clear();
  }

  #first(keys: Map<string, number>): Next | undefined {
    for (const [key, since] of keys) {
      keys.delete(key);
      return { key, waitedMs: this.#clock.now() - since };
    }
    return undefined;
  }
}
