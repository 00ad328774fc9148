import type { Clock } from "../lib/clock.ts";
import { type Priority, ReadyKeys } from "./ready-keys.ts";

export interface WorkerPlacesOptions {
  readonly clock: Clock;
  /** Passes that work at the same time. */
  readonly workers: number;
  /** So many more, for passes of high priority only: they begin although all others hang. */
  readonly urgentWorkers: number;
  /** A place has become free. */
  readonly onFree: () => void;
}

/**
 * Who may work now. A pass that waits for an answer from outside gives its place to others meanwhile and gets one again
 * before new passes do: many may wait, few work.
 */
export class WorkerPlaces {
  readonly #options: WorkerPlacesOptions;
  #taken = 0;
  /** Keys whose wait is over and that need a place to go on, and what lets them. */
  readonly #returning: ReadyKeys;
  readonly #resume = new Map<string, () => void>();

  constructor(options: WorkerPlacesOptions) {
    this.#options = options;
    this.#returning = new ReadyKeys(options.clock);
  }

  /** Takes the next of the keys, and a place for it; undefined when none may begin. */
  take(keys: ReadyKeys): ReturnType<ReadyKeys["shift"]> {
    const { workers, urgentWorkers } = this.#options;
    if (this.#taken >= workers + urgentWorkers) return undefined;
    const next = this.#taken < workers ? keys.shift() : keys.shiftHigh();
    if (next !== undefined) this.#taken += 1;
    return next;
  }

  /** Gives a place back. */
  leave(): void {
    this.#taken -= 1;
    this.#resumeNext();
    this.#options.onFree();
  }

  /** Waits without a place, and goes on with one; `priorityOf` tells how urgent that is by then. */
  async aside<T>(key: string, priorityOf: () => Priority, wait: () => Promise<T>): Promise<T> {
    this.leave();
    try {
      return await wait();
    } finally {
      await new Promise<void>((resolve) => {
        this.#resume.set(key, resolve);
        this.#returning.push(key, priorityOf());
        this.#resumeNext();
      });
    }
  }

  /** A pass has become urgent. */
  hurry(key: string): void {
    if (!this.#resume.has(key)) return;
    this.#returning.push(key, "high");
    this.#resumeNext();
  }

  #resumeNext(): void {
    for (let next = this.take(this.#returning); next !== undefined; next = this.take(this.#returning)) {
      const resume = this.#resume.get(next.key);
      this.#resume.delete(next.key);
      resume?.();
    }
  }
}
