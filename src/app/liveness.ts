import type { QueueVitals } from "../kube/work-queue.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { Logger } from "../telemetry/logger.ts";

export interface LivenessOptions {
  readonly clock: Clock;
  /** Milliseconds that never go back, whatever the wall clock does. */
  readonly monotonicMs: () => number;
  readonly logger: Logger;
  readonly vitals: () => QueueVitals;
  /** A pass that has been under way for so long does not come back. Far more than all timeouts in it together. */
  readonly limitMs?: number;
}

const BEAT_MS = 1_000;
const LIMIT_MS = 300_000;
/** Shorter blocks are garbage collection, or a machine that is short of CPU. */
const BLOCKED_MS = 2_000;

/**
 * Notices what only a restart mends: a pass that never comes back, Rollouts that wait while no worker takes one up,
 * timers that do not fire. That the API server or Prometheus is down is none of these: calls to them have timeouts.
 *
 * It counts beats instead of comparing times, so that a wall clock that is set, or a process that was frozen for an
 * hour, makes no pass look old.
 */
export class Liveness {
  readonly #options: Required<LivenessOptions>;
  readonly #beatsMax: number;
  /** Beats that each pass under way has seen, by its number. */
  #beats: ReadonlyMap<number, number> = new Map();
  #begun = 0;
  /** Beats in a row at which keys were waiting and no pass had begun. */
  #still = 0;
  #beatAtMs = 0;
  #longestBlockMs = 0;
  #timer: Timer | null = null;
  #told = "";

  constructor(options: LivenessOptions) {
    this.#options = { limitMs: LIMIT_MS, ...options };
    this.#beatsMax = Math.max(1, Math.round(this.#options.limitMs / BEAT_MS));
  }

  start(): void {
    this.#beatAtMs = this.#options.monotonicMs();
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** The longest time so far in which nothing but one piece of work ran. */
  get longestBlockMs(): number {
    return this.#longestBlockMs;
  }

  /** One sentence for each sign that this process should be replaced; empty while it lives. */
  problems(): readonly string[] {
    const { limitMs, vitals, monotonicMs } = this.#options;
    const span = `for more than ${Math.round(limitMs / 1_000)} s`;
    const { passes, ready } = vitals();
    const stuck = passes.filter(({ number }) => (this.#beats.get(number) ?? 0) >= this.#beatsMax);
    const silentMs = this.#timer === null ? 0 : monotonicMs() - this.#beatAtMs;
    return [
      ...stuck.map(({ key }) => `the pass over ${key} has been under way ${span}`),
      ...(this.#still >= this.#beatsMax ? [`${ready} Rollouts wait and no pass has begun ${span}`] : []),
      ...(silentMs > limitMs ? [`timers have not fired for ${Math.round(silentMs / 1_000)} s`] : []),
    ];
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimer(BEAT_MS, () => this.#beat());
  }

  #beat(): void {
    const { vitals, logger } = this.#options;
    this.#noteBlock();
    const { passes, begun, ready } = vitals();
    this.#beats = new Map(passes.map(({ number }) => [number, (this.#beats.get(number) ?? 0) + 1]));
    this.#still = ready > 0 && begun === this.#begun ? this.#still + 1 : 0;
    this.#begun = begun;
    this.#schedule();
    const problems = this.problems().join("; ");
    if (problems !== "" && problems !== this.#told) logger.error("the process is stuck", { problems });
    this.#told = problems;
  }

  #noteBlock(): void {
    const nowMs = this.#options.monotonicMs();
    const blockedMs = Math.round(nowMs - this.#beatAtMs - BEAT_MS);
    this.#beatAtMs = nowMs;
    this.#longestBlockMs = Math.max(this.#longestBlockMs, blockedMs);
    if (blockedMs >= BLOCKED_MS) this.#options.logger.warn("the event loop was blocked", { blockedMs });
  }
}
