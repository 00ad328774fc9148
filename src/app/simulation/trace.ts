import type { Clock } from "../../lib/clock.ts";

/** Everything that happened, a line each, in order. The same seed gives the same trace, byte for byte. */
export class Trace {
  readonly lines: string[] = [];
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #onLine: (line: string) => void;

  constructor(clock: Clock, onLine: (line: string) => void) {
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#onLine = onLine;
  }

  add(who: string, what: string): void {
    const seconds = ((this.#clock.now() - this.#startMs) / 1_000).toFixed(3);
    const line = `${seconds.padStart(9)} ${who.padEnd(12)} ${what}`;
    this.lines.push(line);
    this.#onLine(line);
  }
}
