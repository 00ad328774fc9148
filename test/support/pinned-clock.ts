import { type Clock, SystemClock, type Timer } from "../../src/lib/clock.ts";

/** Always the same moment; timers fire in wall time. For output that shows times and ages. */
export class PinnedClock implements Clock {
  readonly #now: number;
  readonly #wall = new SystemClock();

  constructor(iso: string) {
    this.#now = Date.parse(iso);
  }

  now(): number {
    return this.#now;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    return this.#wall.setTimer(delayMs, fire);
  }
}
