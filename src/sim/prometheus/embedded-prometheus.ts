import { type Clock, sleep } from "../../lib/clock.ts";
import { DEFAULT_OPTIONS, type EvaluationOptions } from "../promql/evaluate.ts";
import { ParsedQueries } from "../promql/parsed-queries.ts";
import { type ApiAnswer, answer } from "./api.ts";
import { Scraper, type ScrapeTarget } from "./scraper.ts";
import { DEFAULT_LIMITS, SeriesStore, type StoreLimits } from "./series-store.ts";

/** How Prometheus misbehaves. Scraping goes on, as with a server that is overloaded or cut off. */
export type PrometheusFault =
  /** Connections are refused. */
  | { readonly kind: "down" }
  /** Every answer comes this late. */
  | { readonly kind: "slow"; readonly delayMs: number }
  /** Every query is answered with 503. */
  | { readonly kind: "errors" }
  /** Queries succeed and find nothing. */
  | { readonly kind: "empty" }
  /** Every value of every query is NaN. */
  | { readonly kind: "nan" };

/** Nobody listens: what a socket reports as ECONNREFUSED. */
export class ConnectionRefusedError extends Error {
  override readonly name = "ConnectionRefusedError";
  readonly code = "ECONNREFUSED";
}

export interface EmbeddedPrometheusOptions {
  readonly clock: Clock;
  /** How often targets are scraped. */
  readonly scrapeIntervalMs: number;
  readonly limits?: StoreLimits;
  readonly evaluation?: EvaluationOptions;
}

/** Prometheus without a process: scrapes in-process targets on a clock and answers its HTTP API. */
export class EmbeddedPrometheus {
  readonly store: SeriesStore;
  readonly #clock: Clock;
  readonly #scraper: Scraper;
  readonly #evaluation: EvaluationOptions;
  readonly #queries = new ParsedQueries();
  #fault: PrometheusFault | null = null;
  #requests = 0;

  constructor(options: EmbeddedPrometheusOptions) {
    this.#clock = options.clock;
    this.store = new SeriesStore(options.limits ?? DEFAULT_LIMITS);
    this.#scraper = new Scraper(options.clock, this.store, options.scrapeIntervalMs);
    this.#evaluation = options.evaluation ?? DEFAULT_OPTIONS;
  }

  /** Scrapes a target from now on; call the result when it is gone. */
  addTarget(target: ScrapeTarget): () => void {
    return this.#scraper.register(target);
  }

  /** Stops scraping. */
  close(): void {
    this.#scraper.stop();
  }

  get fault(): PrometheusFault | null {
    return this.#fault;
  }

  /** Null: healthy again. */
  setFault(fault: PrometheusFault | null): void {
    this.#fault = fault;
  }

  /** How many requests have come in, those that were refused included. */
  get requestCount(): number {
    return this.#requests;
  }

  /**
   * Answers one request. Rejects with ConnectionRefusedError while down, and with the signal's reason when it is
   * aborted while an answer is delayed. Needs no socket and no stream, so it runs on virtual time.
   */
  async handle(path: string, params: URLSearchParams, signal?: AbortSignal): Promise<ApiAnswer> {
    this.#requests += 1;
    const fault = this.#fault;
    if (fault?.kind === "down") throw new ConnectionRefusedError("connect ECONNREFUSED");
    if (fault?.kind === "slow") await sleep(this.#clock, fault.delayMs, signal);
    if (fault?.kind === "errors" && path.startsWith("/api/")) {
      return { status: 503, body: { status: "error", errorType: "unavailable", error: "TSDB not ready" } };
    }
    const context = {
      store: this.store,
      queries: this.#queries,
      nowMs: this.#clock.now(),
      options: this.#evaluation,
    };
    return distorted(answer(path, params, context), fault);
  }
}

interface QueryBody {
  readonly status: string;
  readonly data?: { readonly resultType?: string; readonly result?: readonly unknown[] };
}

/** What the faults "empty" and "nan" make of a query's answer. */
function distorted(given: ApiAnswer, fault: PrometheusFault | null): ApiAnswer {
  const data = (given.body as QueryBody).data;
  if ((fault?.kind !== "empty" && fault?.kind !== "nan") || data?.resultType === undefined) return given;
  const result = fault.kind === "empty" ? [] : data.result?.map(withNaN);
  return { status: given.status, body: { status: "success", data: { ...data, result } } };
}

function withNaN(series: unknown): unknown {
  const { metric, value, values } = series as {
    readonly metric?: unknown;
    readonly value?: readonly unknown[];
    readonly values?: readonly (readonly unknown[])[];
  };
  if (values !== undefined) return { metric, values: values.map(([time]) => [time, "NaN"]) };
  return value === undefined ? series : { metric, value: [value[0], "NaN"] };
}
