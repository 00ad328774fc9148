import { assert } from "../lib/assert.ts";
import { type Backoff, backoffDelay } from "../lib/backoff.ts";
import { type Clock, deadline, sleep, type Timer } from "../lib/clock.ts";
import { OperationError } from "../lib/errors.ts";
import { type Logger, silentLogger } from "../telemetry/logger.ts";
import { type Priority, ReadyKeys } from "./ready-keys.ts";
import { WorkerPlaces } from "./worker-places.ts";

/** What a pass over a key has come to. */
export type Outcome =
  /** Nothing to do until the key is added again. */
  | { readonly kind: "done" }
  /** Nothing is wrong; come back after this long. */
  | { readonly kind: "requeue"; readonly afterMs: number }
  /** Something outside failed: come back with backoff (of `atMostMs`), or when the error itself says. */
  | { readonly kind: "retry"; readonly error: unknown; readonly atMostMs?: number }
  /** Trying again is useless until something changes, which will add the key again. */
  | { readonly kind: "terminal"; readonly error: unknown };

/** What a pass is given. */
export interface Turn {
  /** Aborts when the pass has taken too long or the queue must stop; a pass should then end soon. */
  readonly signal: AbortSignal;
  /** Waits for something outside and leaves the worker to other keys meanwhile. */
  aside<T>(wait: () => Promise<T>): Promise<T>;
}

/** One pass over a key. Never two at once for the same key. What it throws counts as "retry". */
export type Handler = (key: string, turn: Turn) => Promise<Outcome>;

/** For metrics. Called synchronously; must not throw. */
export interface QueueObserver {
  started?(pass: { readonly key: string; readonly waitedMs: number }): void;
  ended?(pass: { readonly key: string; readonly tookMs: number; readonly outcome: Outcome["kind"] }): void;
  /** The handler threw instead of answering: a mistake of ours. It counts as "retry". */
  threw?(pass: { readonly key: string; readonly error: unknown }): void;
  /** The queue was full: the key was not added. */
  refused?(key: string): void;
}

/** Signs of life. */
export interface QueueVitals {
  /** Keys that wait for a worker. */
  readonly ready: number;
  /** Keys that wait for their time. */
  readonly delayed: number;
  /** Passes begun since the start. */
  readonly begun: number;
  /** Passes under way, oldest first. */
  readonly passes: readonly {
    readonly key: string;
    /** No two passes have the same. */
    readonly number: number;
    readonly sinceMs: number;
  }[];
}

export interface WorkQueueOptions {
  readonly handler: Handler;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger?: Logger;
  readonly observer?: QueueObserver;
  /** Passes that work at the same time; those that wait aside do not count. */
  readonly workers?: number;
  /** So many more of high priority; absent: as many as `workers`. */
  readonly urgentWorkers?: number;
  readonly backoff?: Backoff;
  /** Keys that are waiting or delayed. */
  readonly maxKeys?: number;
  /** After this long a pass is asked to end. */
  readonly passLimitMs?: number;
}

interface Delay {
  readonly at: number;
  readonly timer: Timer;
}

const DEFAULTS = {
  logger: silentLogger,
  observer: {},
  workers: 4,
  backoff: { firstMs: 200, maxMs: 60_000 },
  maxKeys: 100_000,
  passLimitMs: 120_000,
};

/**
 * A queue of keys, for reconciling: it holds identities, never contents. A key is in it at most once; a key that is
 * added while its pass is under way gets another pass afterwards, so that no change is lost; a pass voids the delays
 * that were set before it began, since it decides afresh when to come back.
 */
export class WorkQueue {
  readonly #options: Required<Omit<WorkQueueOptions, "urgentWorkers">>;
  readonly #ready: ReadyKeys;
  readonly #places: WorkerPlaces;
  readonly #delayed = new Map<string, Delay>();
  /** Keys whose pass is under way; the value says how to queue them again, if they were added meanwhile. */
  readonly #active = new Map<string, Priority | null>();
  /** Number and beginning of each pass under way, oldest first. */
  readonly #passes = new Map<string, { readonly number: number; readonly sinceMs: number }>();
  #begun = 0;
  /** Passes in a row that ended in "retry". */
  readonly #failures = new Map<string, number>();
  readonly #aborting = new AbortController();
  #idleWaiters: (() => void)[] = [];
  #state: "new" | "running" | "stopped" = "new";

  constructor(options: WorkQueueOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#ready = new ReadyKeys(options.clock);
    const { clock, workers } = this.#options;
    const { urgentWorkers = workers } = options;
    this.#places = new WorkerPlaces({ clock, workers, urgentWorkers, onFree: () => this.#pump() });
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Keys that wait for their time. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** Passes under way, those that wait aside included. */
  get active(): number {
    return this.#active.size;
  }

  get vitals(): QueueVitals {
    const passes = [...this.#passes].map(([key, pass]) => ({ key, ...pass }));
    return { ready: this.#ready.size, delayed: this.#delayed.size, begun: this.#begun, passes };
  }

  /** When a key that waits for its time is due, as Unix time; undefined: it does not wait. */
  dueMs(key: string): number | undefined {
    return this.#delayed.get(key)?.at;
  }

  /** Begins to work. What was added before is kept until then. */
  start(): void {
    if (this.#state === "new") this.#state = "running";
    this.#pump();
  }

  /** Adds a key for now. One that is waiting keeps its place, but a high priority moves it ahead. */
  add(key: string, priority: Priority = "normal"): void {
    if (this.#state === "stopped") return;
    const again = this.#active.get(key);
    if (again !== undefined) {
      this.#active.set(key, again === "high" ? "high" : priority);
      if (priority === "high") this.#places.hurry(key);
      return;
    }
    if (!this.#ready.has(key) && !this.#hasRoom(key)) return;
    this.#undelay(key);
    this.#ready.push(key, priority);
    this.#pump();
  }

  /** Adds a key after a while. The earliest time wins; a key that is waiting for a worker already is left there. */
  addAfter(key: string, delayMs: number): void {
    assert(!Number.isNaN(delayMs), "a delay is a number");
    if (this.#state === "stopped" || this.#ready.has(key)) return;
    const at = this.#options.clock.now() + delayMs;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.at <= at) return;
    if (known === undefined && !this.#hasRoom(key)) return;
    known?.timer.cancel();
    const timer = this.#options.clock.setTimer(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, timer });
  }

  /** Resolves when no key waits for a worker and no pass is under way; keys that wait for their time do not count. */
  async idle(): Promise<void> {
    if (this.#ready.size === 0 && this.#active.size === 0) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /**
   * Forgets all keys and begins no pass any more. Passes under way may finish within `graceMs`, then their signal
   * aborts; resolves when all have ended or, at the latest, as long again after that.
   */
  async stop(graceMs: number): Promise<void> {
    this.#state = "stopped";
    for (const delay of this.#delayed.values()) delay.timer.cancel();
    this.#delayed.clear();
    this.#ready.clear();
    for (const key of this.#active.keys()) this.#active.set(key, null);
    const ended = new AbortController();
    const idle = this.idle().then(() => ended.abort());
    const { clock } = this.#options;
    await Promise.race([idle, sleep(clock, graceMs, ended.signal).catch(() => {})]);
    if (this.#active.size === 0) return;
    this.#aborting.abort(new Error("the queue is stopping"));
    await Promise.race([idle, sleep(clock, graceMs, ended.signal).catch(() => {})]);
  }

  #hasRoom(key: string): boolean {
    if (this.#ready.size + this.#delayed.size < this.#options.maxKeys || this.#delayed.has(key)) return true;
    this.#options.observer.refused?.(key);
    this.#options.logger.error("work queue is full, a key was refused", {
      key,
      maxKeys: this.#options.maxKeys,
    });
    return false;
  }

  #undelay(key: string): void {
    this.#delayed.get(key)?.timer.cancel();
    this.#delayed.delete(key);
  }

  #pump(): void {
    while (this.#state === "running") {
      const next = this.#places.take(this.#ready);
      if (next === undefined) break;
      void this.#pass(next.key, next.waitedMs);
    }
    if (this.#ready.size > 0 || this.#active.size > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  async #pass(key: string, waitedMs: number): Promise<void> {
    const { clock, observer } = this.#options;
    this.#active.set(key, null);
    this.#undelay(key);
    observer.started?.({ key, waitedMs });
    const startedAt = clock.now();
    this.#begun += 1;
    this.#passes.set(key, { number: this.#begun, sinceMs: startedAt });
    const outcome = await this.#handle(key);
    this.#passes.delete(key);
    observer.ended?.({ key, tookMs: clock.now() - startedAt, outcome: outcome.kind });
    const again = this.#active.get(key);
    this.#active.delete(key);
    this.#conclude(key, outcome);
    // After the outcome: an addition made during the pass is for now, whatever delay the pass asked for.
    if (again !== undefined && again !== null) this.add(key, again);
    this.#places.leave();
  }

  async #handle(key: string): Promise<Outcome> {
    const { handler, clock, passLimitMs, observer } = this.#options;
    const limit = deadline(clock, passLimitMs, {
      parent: this.#aborting.signal,
      reason: () => new Error(`the pass over ${key} has taken ${passLimitMs} ms`),
    });
    const priorityOf = () => this.#active.get(key) ?? "normal";
    const aside: Turn["aside"] = (wait) => this.#places.aside(key, priorityOf, wait);
    try {
      return await handler(key, { signal: limit.signal, aside });
    } catch (error) {
      observer.threw?.({ key, error });
      return { kind: "retry", error };
    } finally {
      limit.release();
    }
  }

  #conclude(key: string, outcome: Outcome): void {
    if (outcome.kind === "retry") {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const backoffMs = Math.min(this.#backoff(failures), outcome.atMostMs ?? Number.POSITIVE_INFINITY);
      const delayMs = Math.max(backoffMs, askedDelay(outcome.error));
      this.#options.logger.warn("pass failed, retrying", { key, error: outcome.error, failures, delayMs });
      this.addAfter(key, delayMs);
      return;
    }
    this.#failures.delete(key);
    if (outcome.kind === "requeue") this.addAfter(key, outcome.afterMs);
    if (outcome.kind === "terminal") this.#options.logger.error("pass failed", { key, error: outcome.error });
  }

  #backoff(failures: number): number {
    return backoffDelay(this.#options.backoff, failures, this.#options.random);
  }
}

/** The delay that an error asks for: 429 and 503 of an API server. */
function askedDelay(error: unknown): number {
  return error instanceof OperationError && typeof error.retry === "object" ? error.retry.afterMs : 0;
}
