import { type Backoff, backoffDelay } from "../lib/backoff.ts";
import { BoundedMap } from "../lib/bounded-map.ts";
import { type Clock, sleep } from "../lib/clock.ts";
import { OperationError, toError } from "../lib/errors.ts";
import { isoTime } from "../lib/time.ts";
import { type Logger, silentLogger } from "../telemetry/logger.ts";
import { isAlreadyExists, isNotFound } from "./api-error.ts";
import type { Client } from "./client.ts";
import { EventLimit } from "./event-limit.ts";
import { type EventText, eventObject, identityOf, limitBytes, MAX_MESSAGE_BYTES } from "./event-object.ts";
import type { KubeObject } from "./object.ts";
import { EVENT } from "./resources.ts";

/**
 * Tells people what happened to an object, where `kubectl describe` shows it. `record` returns at once and never throws:
 * events are sent beside the work, and what cannot be sent is counted and logged.
 */
export interface EventRecorder {
  record(object: KubeObject, event: EventText): void;
  /** Resolves when everything is sent, at most after `timeoutMs`; for shutdown. */
  drain(timeoutMs: number): Promise<void>;
}

/** Tells nobody anything. */
export const NO_EVENTS: EventRecorder = { record: () => {}, drain: async () => {} };

export interface KubeEventRecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Who reports: column FROM of kubectl describe. */
  readonly component: string;
  /** Which of its processes. */
  readonly instance: string;
  readonly logger?: Logger;
  /** Hears of every event that is not sent. */
  readonly onDropped?: (why: "limit" | "full" | "failed") => void;
}

/** The same text about the same object within this time is counted up instead of written again. */
const SERIES_MS = 600_000;
const MAX_SERIES = 4_096;
const MAX_QUEUED = 1_000;
const MAX_ATTEMPTS = 4;
const BACKOFF: Backoff = { firstMs: 500, maxMs: 10_000 };

/** One event object in the API and what of it is still to be told. */
interface Series {
  readonly object: KubeObject;
  readonly event: EventText;
  name: string;
  count: number;
  readonly firstMs: number;
  lastMs: number;
  isPosted: boolean;
  isQueued: boolean;
}

/** core/v1 Events: kubectl describe shows their age and count best. */
export class KubeEventRecorder implements EventRecorder {
  readonly #options: KubeEventRecorderOptions;
  readonly #logger: Logger;
  readonly #series = new BoundedMap<string, Series>(MAX_SERIES);
  readonly #queue: Series[] = [];
  readonly #limit: EventLimit;
  #sending: Promise<void> | null = null;
  readonly #drained = new AbortController();

  constructor(options: KubeEventRecorderOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#limit = new EventLimit(options.clock);
  }

  record(object: KubeObject, event: EventText): void {
    try {
      this.#record(object, event);
    } catch (thrown) {
      this.#dropped("failed", object, toError(thrown));
    }
  }

  async drain(timeoutMs: number): Promise<void> {
    if (this.#sending === null) return;
    const ended = new AbortController();
    const sent = this.#sending.then(() => ended.abort());
    await Promise.race([sent, sleep(this.#options.clock, timeoutMs, ended.signal).catch(() => {})]);
    this.#drained.abort(new Error("the event recorder has been drained"));
  }

  #record(object: KubeObject, event: EventText): void {
    const now = this.#options.clock.now();
    const id = [identityOf(object), event.type, event.reason, event.message].join("\n");
    const known = this.#series.get(id);
    const isSame = known !== undefined && now - known.lastMs < SERIES_MS;
    if (!isSame && !this.#limit.admits(object, event.type)) {
      this.#dropped("limit", object);
      return;
    }
    const series = isSame ? known : this.#begin(object, event, now);
    series.count += 1;
    series.lastMs = now;
    this.#series.set(id, series);
    this.#enqueue(series);
  }

  #begin(object: KubeObject, event: EventText, now: number): Series {
    const missed = this.#limit.takeDropped(object, event.type);
    const more = missed === 0 ? "" : ` (${missed} earlier events about this object were not recorded)`;
    const message = limitBytes(event.message, MAX_MESSAGE_BYTES - more.length) + more;
    return {
      object,
      event: { ...event, message },
      name: this.#newName(object),
      count: 0,
      firstMs: now,
      lastMs: now,
      isPosted: false,
      isQueued: false,
    };
  }

  /** Like the names that client-go gives: the object's, and digits that no other event has. */
  #newName(object: KubeObject): string {
    const digits = Math.floor(this.#options.random() * 2 ** 48).toString(16);
    return `${object.metadata.name.slice(0, 236)}.${digits.padStart(12, "0")}`;
  }

  #enqueue(series: Series): void {
    if (series.isQueued) return;
    if (this.#queue.length >= MAX_QUEUED) {
      this.#dropped("full", series.object);
      return;
    }
    series.isQueued = true;
    this.#queue.push(series);
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
  }

  async #sendAll(): Promise<void> {
    for (let series = this.#queue.shift(); series !== undefined; series = this.#queue.shift()) {
      series.isQueued = false;
      await this.#send(series);
    }
  }

  async #send(series: Series): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#write(series);
        return;
      } catch (thrown) {
        const error = toError(thrown);
        const isOver = attempt >= MAX_ATTEMPTS || !isWorthRetrying(error) || this.#drained.signal.aborted;
        if (isOver) {
          this.#dropped("failed", series.object, error);
          return;
        }
        const delayMs = backoffDelay(BACKOFF, attempt, this.#options.random);
        await sleep(this.#options.clock, delayMs, this.#drained.signal).catch(() => {});
      }
    }
  }

  async #write(series: Series): Promise<void> {
    const { client } = this.#options;
    try {
      if (series.isPosted) await client.patch(EVENT, keyOfSeries(series), countPatch(series));
      else await client.create(EVENT, eventObject(series, this.#options));
      series.isPosted = true;
    } catch (error) {
      // It has expired meanwhile (after an hour, by default), or the name is taken: write a new one.
      if (!(series.isPosted ? isNotFound(error) : isAlreadyExists(error))) throw error;
      series.name = this.#newName(series.object);
      await client.create(EVENT, eventObject(series, this.#options));
      series.isPosted = true;
    }
  }

  #dropped(why: "limit" | "full" | "failed", object: KubeObject, error?: Error): void {
    this.#options.onDropped?.(why);
    const { namespace, name } = object.metadata;
    this.#logger.warn("event dropped", { why, kind: object.kind, namespace, name, error });
  }
}

/** A namespace on its way out, missing rights, an invalid object: the same bytes will not do better. */
function isWorthRetrying(error: Error): boolean {
  if (!(error instanceof OperationError) || error.retry === "never") return false;
  const status = (error as { readonly status?: { readonly code?: number } }).status?.code;
  return status === undefined || status === 429 || status >= 500;
}

function keyOfSeries(series: Series) {
  return { namespace: series.object.metadata.namespace ?? "default", name: series.name };
}

function countPatch(series: Series) {
  return {
    type: "merge",
    body: { count: series.count, lastTimestamp: isoTime(series.lastMs) },
  } as const;
}
