import { isConflict } from "../kube/api-error.ts";
import { keyOf, keyText, parseKey } from "../kube/object.ts";
import { type Outcome, type QueueObserver, type Turn, WorkQueue } from "../kube/work-queue.ts";
import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import { isInterruption } from "./execute.ts";
import type { EventSink, Pass } from "./pass.ts";
import { subscribeAll, type Watched } from "./triggers.ts";

export interface ControllerOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  readonly watched: Watched;
  readonly pass: Pass;
  readonly events: EventSink;
  readonly workers: number;
  /** Whether this process may write now; absent: always. One that may not keeps its caches warm and does nothing. */
  readonly mayWrite?: () => boolean;
  /** Whether it will know again in a moment if it may write: what is due waits for that. */
  readonly isInDoubt?: () => boolean;
  readonly observer?: QueueObserver;
}

/** The Lease is renewed every two seconds. */
const IN_DOUBT_RETRY_MS = 1_000;

/** The same failure is told once in so long. */
const REPORT_EVERY_MS = 60_000;

/** So many conflicts in a row are no race: somebody says no. */
const CONFLICTS_MAX = 20;

/** After a conflict the newer object is in the cache already: decide again, at once but not in a tight loop. */
const CONFLICT_DELAY_MS = 20;

/** A Rollout whose passes keep changing things is slowed down: somebody else may be changing them back. */
const CHANGING_PASSES_MAX = 20;
const SLOWED_DELAY_MS = 5_000;

/** From changes to passes: one worker per Rollout at a time, urgent ones first, failures with backoff. */
export class RolloutController {
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  /** Passes in a row that changed something, by key; gone as soon as one changes nothing. */
  readonly #changing = new Map<string, number>();
  /** Conflicts in a row, by key. */
  readonly #conflicts = new Map<string, number>();
  /** What has been told of failing passes, by key. */
  readonly #reported = new Map<string, { readonly message: string; readonly atMs: number }>();

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { clock, random, logger, workers, observer } = options;
    this.#queue = new WorkQueue({
      clock,
      random,
      logger,
      workers,
      handler: (key, turn) => this.#handle(key, turn),
      ...(observer === undefined ? {} : { observer }),
    });
    subscribeAll(options.watched, ({ key, isUrgent }) => this.wake(key, isUrgent));
  }

  /** Something has happened that a pass must look at; what is urgent cuts short a pass that waits for evidence. */
  wake(key: string, isUrgent: boolean): void {
    if (isUrgent) this.#options.pass.interrupt(key);
    this.#queue.add(key, isUrgent ? "high" : "normal");
  }

  /** Begins to work; to be called when the caches have synced. */
  start(): void {
    this.#queue.start();
  }

  /** This process leads from now on: every Rollout is looked at, with nothing remembered of an earlier term. */
  lead(): void {
    this.#options.pass.forget();
    this.#changing.clear();
    this.#conflicts.clear();
    this.#reported.clear();
    for (const rollout of this.#options.watched.rollouts.list()) this.#queue.add(keyText(keyOf(rollout)));
  }

  /** Ends passes under way, within `graceMs` if they can. */
  stop(graceMs: number): Promise<void> {
    this.#options.pass.hurry();
    return this.#queue.stop(graceMs);
  }

  /** For metrics. */
  get queue(): Pick<WorkQueue, "depth" | "delayed" | "active" | "vitals" | "dueMs"> {
    return this.#queue;
  }

  async #handle(key: string, { aside }: Turn): Promise<Outcome> {
    if (this.#options.mayWrite?.() === false) return this.#standAside();
    try {
      const { changed, requeueAfterMs } = await this.#options.pass.run(key, aside);
      this.#conflicts.delete(key);
      this.#reported.delete(key);
      if (changed) return { kind: "requeue", afterMs: this.#delayAfterChange(key) };
      this.#changing.delete(key);
      return requeueAfterMs === null ? { kind: "done" } : { kind: "requeue", afterMs: requeueAfterMs };
    } catch (thrown) {
      if (isInterruption(thrown)) return { kind: "requeue", afterMs: 0 };
      if (isConflict(thrown) && this.#isRace(key)) return { kind: "requeue", afterMs: CONFLICT_DELAY_MS };
      if (this.#options.mayWrite?.() === false) return this.#standAside();
      this.#reportFailure(key, toError(thrown));
      const { pass, watched, clock } = this.#options;
      const atMostMs = pass.retryWithinMs(key, watched.rollouts.get(parseKey(key)), clock.now());
      return { kind: "retry", error: thrown, ...(atMostMs === null ? {} : { atMostMs }) };
    }
  }

  /** A standby's queue empties itself; when it is elected, `lead` fills it again. A leader's must not. */
  #standAside(): Outcome {
    return this.#options.isInDoubt?.() === true
      ? { kind: "requeue", afterMs: IN_DOUBT_RETRY_MS }
      : { kind: "done" };
  }

  #isRace(key: string): boolean {
    const count = (this.#conflicts.get(key) ?? 0) + 1;
    this.#conflicts.set(key, count);
    return count < CONFLICTS_MAX;
  }

  #delayAfterChange(key: string): number {
    const count = (this.#changing.get(key) ?? 0) + 1;
    this.#changing.set(key, count);
    if (count < CHANGING_PASSES_MAX) return 0;
    this.#options.logger.warn("passes keep changing things; somebody else may be changing them back", {
      key,
      count,
    });
    return SLOWED_DELAY_MS;
  }

  #reportFailure(key: string, error: Error): void {
    const rollout = this.#options.watched.rollouts.get(parseKey(key));
    const last = this.#reported.get(key);
    const atMs = this.#options.clock.now();
    const isKnown = last?.message === error.message && atMs - last.atMs < REPORT_EVERY_MS;
    if (rollout === undefined || isKnown) return;
    this.#reported.set(key, { message: error.message, atMs });
    const message = `${error.message}. It is tried again; traffic stays as it is.`;
    this.#options.events.post(rollout, { reason: "PassFailed", type: "Warning", message });
  }
}
