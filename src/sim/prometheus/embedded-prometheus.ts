import { type Clock, sleep } from "../../lib/clock.ts";
import { DEFAULT_OPTIONS, type EvaluationOptions } from "../promql/evaluate.ts";
import { ParsedQueries } from "../promql/parsed-queries.ts";
import { type ApiAnswer, answer } from "./api.ts";
import { distorted } from "./distorted.ts";
import type { PrometheusFault } from "./fault.ts";
import { Scraper, type ScrapeTarget } from "./scraper.ts";
import { DEFAULT_LIMITS, SeriesStore, type StoreLimits } from "./series-store.ts";

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
    return fault === null
      ? answer(path, params, context)
      : distorted(answer(path, params, context), fault, context.nowMs);
  }
}
