import { QueryFailure } from "./query-failure.ts";

/** Tasks that may wait; more are refused. */
const MAX_WAITING = 10_000;

/** Lets at most `size` tasks run at once; the others wait in order, and leave the queue when they are aborted. */
export class Slots {
  readonly #size: number;
  /** What starts each waiting task. */
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(size: number) {
    this.#size = size;
  }

  async use<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    await this.#enter(signal);
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  #enter(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      if (this.#taken < this.#size) {
        this.#taken += 1;
        resolve();
        return;
      }
      if (this.#waiting.length >= MAX_WAITING) {
        reject(new QueryFailure("too many queries are waiting for Prometheus", "busy"));
        return;
      }
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(start), 1);
        reject(signal.reason);
      };
      const start = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(start);
    });
  }

  /** Hands the slot on, so that nobody who comes now can overtake those who wait. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
