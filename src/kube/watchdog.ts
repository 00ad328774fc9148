import type { Clock, Timer } from "../lib/clock.ts";

const CHECKS = 6;

/** Quiet for too long, or for too long with something on its way. */
export type Silence = "idle" | "overdue";

export interface WatchdogOptions {
  readonly clock: Clock;
  /** Quiet for so long, or for a sixth more, is too long. */
  readonly idleMs: number;
  /** Whether something is known to be on its way: then a sixth is too long, or two. */
  readonly isOwed: () => boolean;
  /** Called once. */
  readonly bite: (why: Silence) => void;
}

/**
 * Bites when nobody has petted it for too long. It counts checks and never compares times, so that a wall clock that is set
 * back cannot put it to sleep; and petting costs no timer.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  #quietChecks = 0;
  #wasOwed = false;
  #timer: Timer;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#timer = this.#next();
  }

  pet(): void {
    // The check under way may come at once: it must not count.
    this.#quietChecks = -1;
  }

  stop(): void {
    this.#timer.cancel();
  }

  #next(): Timer {
    return this.#options.clock.setTimer(this.#options.idleMs / CHECKS, () => this.#check());
  }

  #check(): void {
    const { bite } = this.#options;
    const isOwed = this.#options.isOwed();
    this.#quietChecks += 1;
    const isOverdue = this.#wasOwed && isOwed && this.#quietChecks > 0;
    this.#wasOwed = isOwed;
    if (isOverdue) bite("overdue");
    else if (this.#quietChecks >= CHECKS) bite("idle");
    else this.#timer = this.#next();
  }
}
