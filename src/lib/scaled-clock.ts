import type { Clock, Timer } from "./clock.ts";

/**
 * A clock that runs `speed` times as fast as `base`, both showing the same time at the start. A playground at speed 10
 * lets ten minutes pass in one. Two processes that give the same `originMs` (of the base clock, by default now) see the
 * same time.
 */
export class ScaledClock implements Clock {
  readonly #base: Clock;
  readonly #speed: number;
  readonly #originMs: number;

  constructor(base: Clock, speed: number, originMs: number = base.now()) {
    if (!(speed > 0)) throw new RangeError(`speed ${speed} is not above 0`);
    this.#base = base;
    this.#speed = speed;
    this.#originMs = originMs;
  }

  now(): number {
    return this.#originMs + (this.#base.now() - this.#originMs) * this.#speed;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    return this.#base.setTimer(delayMs / this.#speed, fire);
  }
}
