import type { Clock, Timer } from "./clock.ts";
import { isoTime } from "./time.ts";

interface Entry {
  readonly at: number;
  readonly sequence: number;
  readonly fire: () => void;
  cancelled: boolean;
}

/** So many timers in a row at one instant are a loop that nothing will end. */
const MAX_TIMERS_AT_ONCE = 20_000;

/** Timers of no delay follow each other for ever. */
export class TimeStandsStillError extends Error {
  override readonly name = "TimeStandsStillError";

  constructor(atMs: number) {
    super(`${MAX_TIMERS_AT_ONCE} timers fired at ${isoTime(atMs)}, and time does not go on`);
  }
}

/**
 * Time that stands still until it is advanced: hours in milliseconds, and twice the same. `advance` fires one timer,
 * lets every promise come to rest, then fires the next, so that the order of everything is that of the timers.
 * Only in-process work may run on it: a socket would not come to rest in a turn of the event loop.
 */
export class VirtualClock implements Clock {
  #now: number;
  #sequence = 0;
  /** Timers fired since time went on. */
  #atOnce = 0;
  readonly #heap: Entry[] = [];

  constructor(startMs = Date.UTC(2026, 0, 5, 9, 0, 0)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const entry: Entry = {
      at: this.#now + Math.max(delayMs, 0),
      sequence: this.#sequence++,
      fire,
      cancelled: false,
    };
    push(this.#heap, entry);
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }

  /** Moves time forward by `durationMs`, firing what falls due in order. */
  async advance(durationMs: number): Promise<void> {
    const end = this.#now + durationMs;
    await settle();
    for (let next = this.#due(end); next !== undefined; next = this.#due(end)) {
      this.#fire(next);
      await settle();
    }
    this.#now = end;
  }

  /** Advances timer by timer until `done()` or until `limitMs` have passed; tells whether it was done. */
  async advanceUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs;
    await settle();
    while (!done()) {
      const next = this.#due(end);
      if (next === undefined) {
        this.#now = end;
        return done();
      }
      this.#fire(next);
      await settle();
    }
    return true;
  }

  #fire({ at, fire }: Entry): void {
    this.#atOnce = at > this.#now ? 1 : this.#atOnce + 1;
    if (this.#atOnce > MAX_TIMERS_AT_ONCE) throw new TimeStandsStillError(this.#now);
    this.#now = Math.max(this.#now, at);
    fire();
  }

  #due(end: number): Entry | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined || top.at > end) return undefined;
      pop(this.#heap);
      if (!top.cancelled) return top;
    }
  }
}

/** Lets every promise chain that needs no timer and no socket run to its end. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Entry;
    if (!before(entry, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
    if (!before(heap[child] as Entry, last)) break;
    heap[index] = heap[child] as Entry;
    index = child;
  }
  heap[index] = last;
}
