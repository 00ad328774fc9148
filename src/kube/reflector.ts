import { type Backoff, backoffDelay } from "../lib/backoff.ts";
import { type Clock, deadline, sleep } from "../lib/clock.ts";
import { OperationError, toError } from "../lib/errors.ts";
import { type Logger, silentLogger } from "../telemetry/logger.ts";
import { isGone } from "./api-error.ts";
import type { Cache } from "./cache.ts";
import type { Client, ObjectList } from "./client.ts";
import type { KubeObject } from "./object.ts";
import { absenceOf } from "./optional-reader.ts";
import { type Resource, resourceText } from "./resource.ts";
import { type Silence, Watchdog } from "./watchdog.ts";

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: Client;
  readonly cache: Cache<T>;
  readonly clock: Clock;
  /** Uniform in [0, 1): spreads what many reflectors would do at the same instant. */
  readonly random: () => number;
  readonly logger?: Logger;
  /** Objects of a page of a list. */
  readonly pageSize?: number;
  /**
   * A watch that has said nothing for so long, not even a bookmark, is taken for dead: a new list, and another watch. After a
   * sixth of it, up to a third, another watch is tried where this one owes what the answer to a write of ours has shown.
   */
  readonly idleMs?: number;
  /** The server is asked to end each watch after this long, up to half as long again. */
  readonly watchMs?: number;
  /** A new list after so long, whatever the watch says: the last defence against events that never came. */
  readonly relistMs?: number;
  readonly backoff?: Backoff;
  /** The cluster need not have the resource, nor let us read it: then the cache stays empty, and counts as synced. */
  readonly isOptional?: boolean;
  /** Hears of every watch that ended and is followed by another, for metrics. Must not throw. */
  readonly onRestart?: ((restart: WatchRestart) => void) | undefined;
}

/** How a watch ends that does not fail. */
type WatchEnd = "ended" | "relist" | "renewed" | Silence;

export interface WatchRestart {
  /** `deployments.apps`. */
  readonly resource: string;
  /**
   * "ended": by the server, in time. "relist": a new list was due. "renewed": by `reopen`. "gone": its version is past
   * (410). "idle": it said nothing for too long. "overdue": it said nothing, and owed what an answer to us had
   * shown. "failed": anything else.
   */
  readonly reason: WatchEnd | "gone" | "failed";
}

/** A watch is not opened more often than this, however it ends. */
const MIN_WATCH_MS = 1_000;
/** After so many watches have failed in a row, versions are in doubt: list again. */
const MAX_WATCH_FAILURES = 3;
/** How often a list that is older than what we know is asked for again before it is believed. */
const MAX_OLD_LISTS = 2;

/** An optional resource that is not there is looked for again after so long. */
const ABSENT_MS = 300_000;

const DEFAULTS = {
  isOptional: false,
  // Parsed pages are garbage at once, but the heap has grown to hold one: small pages, small process.
  pageSize: 100,
  idleMs: 90_000,
  watchMs: 300_000,
  relistMs: 900_000,
  backoff: { firstMs: 800, maxMs: 30_000 },
  onRestart: () => {},
};

/**
 * Keeps a Cache equal to the server: one list, then watches from where the last one ended. It has three defences
 * against a watch that has stopped telling: the server's own limit, the idle watchdog and the relist.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: Required<ReflectorOptions<T>>;
  readonly #resource: Resource<T>;
  readonly #logger: Logger;
  readonly #waiting: (() => void)[] = [];
  /** Who waits for a list that begins later than now. */
  readonly #asked: (() => void)[] = [];
  /** From one list to the next. */
  #round = new AbortController();
  #isStopped = false;
  #reopen = () => {};
  #running: Promise<void> | null = null;
  #problem: string | null = null;
  #absence: string | null = null;
  #failures = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = { logger: silentLogger, ...DEFAULTS, ...options };
    this.#resource = options.cache.resource;
    this.#logger = this.#options.logger.with({ resource: resourceText(this.#resource) });
  }

  /** Begins to list and watch; once. Errors are retried for ever, with backoff. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the watch and resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#round.abort(new Error("reflector stopped"));
    await this.#running;
  }

  /**
   * Gives up whatever is under way, lists at once and watches on. Resolves when everything that was there at the call is
   * known, or when the reflector is stopped.
   */
  async relist(): Promise<void> {
    if (this.#isStopped) return;
    const listed = new Promise<void>((resolve) => this.#asked.push(resolve));
    this.#round.abort(new Error("a new list was asked for"));
    await listed;
  }

  /** Leaves the present watch for a new one, which tells what the other has kept to itself. */
  reopen(): void {
    this.#reopen();
  }

  /** Why the last list or watch failed; null while all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Why there is nothing of an optional resource; null: what there is is here. */
  get absence(): string | null {
    return this.#absence;
  }

  /** Resolves with the first list, or when the reflector is stopped. */
  async synced(): Promise<void> {
    const isSettled = this.#options.cache.hasSynced || this.#absence !== null;
    if (isSettled || this.#isStopped) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.#round = new AbortController();
      const asked = this.#asked.splice(0);
      try {
        await this.#list();
        settle(this.#waiting, asked);
        await this.#watchUntilRelist();
      } catch (error) {
        const absence = this.#options.isOptional ? absenceOf(this.#resource, error) : null;
        if (absence !== null) settle(this.#waiting, asked);
        this.#asked.push(...asked);
        if (absence === null) await this.#failed("list failed", error);
        else await this.#isAbsent(absence);
      }
    }
    settle(this.#waiting, this.#asked);
  }

  async #list(): Promise<void> {
    const { cache } = this.#options;
    for (let older = 0; ; older++) {
      const start = cache.beginList();
      const list = await this.#fetchAll();
      const isOlder = cache.isOlderThan(list, start);
      if (!isOlder || older >= MAX_OLD_LISTS) {
        if (isOlder)
          this.#logger.warn("the server's history has begun anew", { version: list.resourceVersion });
        cache.replace(list, start, { isReset: isOlder });
        this.#succeeded();
        return;
      }
      // A consistent read cannot be old. One server of several may be lagging all the same: ask again.
      this.#failures += 1;
      await this.#pause(this.#backoff());
    }
  }

  async #fetchAll(): Promise<ObjectList<T>> {
    const { client, cache, pageSize } = this.#options;
    const options = { ...cache.scope, signal: this.#round.signal };
    const items: T[] = [];
    let next: string | undefined;
    try {
      for (;;) {
        const page = await client.list(this.#resource, { ...options, limit: pageSize, continue: next });
        for (const item of page.items) items.push(cache.intern(item));
        next = page.continue;
        if (next === undefined) return { items, resourceVersion: page.resourceVersion };
      }
    } catch (error) {
      if (!isGone(error) || next === undefined) throw error;
      // The pages' version was compacted while we read them: take all at once.
      return await client.list(this.#resource, options);
    }
  }

  async #watchUntilRelist(): Promise<void> {
    const { clock, relistMs, random } = this.#options;
    const relist = deadline(clock, relistMs * (0.75 + 0.5 * random()), {
      parent: this.#round.signal,
      reason: () => new Error("a new list is due"),
    });
    try {
      await this.#watchUntil(relist.signal);
    } finally {
      relist.release();
    }
  }

  /** Watches one after another, until the signal aborts or a watch tells that a new list is needed. */
  async #watchUntil(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let failures = 0;
    let wasOverdue = false;
    while (!signal.aborted) {
      const startedAt = clock.now();
      try {
        const end = await this.#watch(signal);
        this.#restarted(end);
        this.#succeeded();
        failures = 0;
        // A server that was replaced takes a version that it has not reached yet, and says nothing until it has.
        if (end === "idle" || (end === "overdue" && wasOverdue)) return;
        wasOverdue = end === "overdue";
        // At most the whole: the wall clock may have been set back in the meantime.
        await this.#pause(Math.min(startedAt + MIN_WATCH_MS - clock.now(), MIN_WATCH_MS));
      } catch (error) {
        this.#restarted(isGone(error) ? "gone" : "failed");
        if (isGone(error)) return;
        failures += 1;
        await this.#failed("watch failed", error);
        if (failures >= MAX_WATCH_FAILURES) return;
      }
    }
  }

  #restarted(reason: WatchRestart["reason"]): void {
    if (this.#isStopped) return;
    this.#options.onRestart?.({ resource: resourceText(this.#resource), reason });
  }

  /** One watch, until the server ends it, the watchdog bites, or the signal aborts; which of them. */
  async #watch(signal: AbortSignal): Promise<WatchEnd> {
    const { client, cache, clock, idleMs, watchMs, random } = this.#options;
    const controller = new AbortController();
    const abort = () => controller.abort(new Error("watch ended"));
    signal.addEventListener("abort", abort, { once: true });
    let cut = null as Silence | "renewed" | null;
    const isOwed = () => cache.isAheadOfWatch;
    const bite = (why: Silence) => {
      cut ??= why;
      this.#logger.debug("watch was silent, reconnecting", { why, idleMs });
      abort();
    };
    const watchdog = new Watchdog({ clock, idleMs, isOwed, bite });
    this.#reopen = () => {
      cut ??= "renewed";
      abort();
    };
    try {
      const events = client.watch(this.#resource, {
        ...cache.scope,
        signal: controller.signal,
        resourceVersion: String(cache.progress),
        allowBookmarks: true,
        timeoutSeconds: Math.ceil((watchMs * (1 + 0.5 * random())) / 1_000),
      });
      for await (const event of events) {
        watchdog.pet();
        cache.observe(event);
      }
      if (cut !== null) return cut;
      return signal.aborted ? "relist" : "ended";
    } finally {
      watchdog.stop();
      this.#reopen = () => {};
      signal.removeEventListener("abort", abort);
    }
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#problem = null;
    this.#absence = null;
  }

  /** Said once: it may stay so for as long as the process lives. */
  async #isAbsent(absence: string): Promise<void> {
    this.#failures = 0;
    this.#problem = null;
    if (this.#absence !== absence) this.#logger.info("optional resource", { absence });
    this.#absence = absence;
    await this.#pause(ABSENT_MS);
  }

  async #failed(message: string, thrown: unknown): Promise<void> {
    if (this.#round.signal.aborted) return;
    const error = toError(thrown);
    this.#failures += 1;
    this.#problem = error.message;
    const asked =
      error instanceof OperationError && typeof error.retry === "object" ? error.retry.afterMs : 0;
    const delayMs = Math.max(asked, this.#backoff());
    this.#logger.warn(message, { error, failures: this.#failures, delayMs });
    await this.#pause(delayMs);
  }

  #backoff(): number {
    return backoffDelay(this.#options.backoff, this.#failures, this.#options.random);
  }

  /** Waits; the end of the round ends it at once. */
  async #pause(delayMs: number): Promise<void> {
    if (delayMs <= 0) return;
    await sleep(this.#options.clock, delayMs, this.#round.signal).catch(() => {});
  }
}

function settle(...waiting: readonly (() => void)[][]): void {
  for (const resolve of waiting.flatMap((list) => list.splice(0))) resolve();
}
