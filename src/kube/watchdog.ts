import type { Clock, Timer } from "../lib/clock.ts";

const CHECKS = 4;

/**
 * Calls `bite` once when nobody has petted it for `idleMs`, up to a quarter more. It counts checks and never compares
 * times, so that a wall clock that is set back cannot put it to sleep; and petting costs no timer.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #checkMs: number;
  readonly #bite: () => void;
  #quietChecks = 0;
  #timer: Timer;

  constructor(clock: Clock, idleMs: number, bite: () => void) {
    this.#clock = clock;
    this.#checkMs = idleMs / CHECKS;
    this.#bite = bite;
    this.#timer = clock.setTimer(this.#checkMs, () => this.#check());
  }

  pet(): void {
    // The check under way may come at once: it must not count.
    this.#quietChecks = -1;
  }

  stop(): void {
    this.#timer.cancel();
  }

  #check(): void {
    this.#quietChecks += 1;
    if (this.#quietChecks >= CHECKS) this.#bite();
    else this.#timer = this.#clock.setTimer(this.#checkMs, () => this.#check());
  }
}
