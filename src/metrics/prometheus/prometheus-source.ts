import type { AxiosAdapter } from "axios";
import type { EvidenceRow } from "../../api/evidence.ts";
import { type Clock, deadline } from "../../lib/clock.ts";
import type { EvidenceQuery, MetricsSource } from "../metrics.ts";
import { armCounts, carriedBytes, sentCounts } from "./arm-counts.ts";
import { Batcher, type BatchResult } from "./batcher.ts";
import { type OwnSamples, ownSamples } from "./own-query.ts";
import type { PrometheusAuth } from "./prometheus-auth.ts";
import { QueryClient, type QueryClientOptions, type Rows, rowCount } from "./query-client.ts";
import { cancelled as cancelledFailure, timedOut } from "./query-failure.ts";

export interface PrometheusSourceOptions {
  readonly clock: Clock;
  /** Base URL, without /api/v1, for example `http://prometheus.istio-system:9090`. */
  readonly url: string;
  /** Asked before each request; rejects with QueryFailure. Absent: no credentials are sent. */
  readonly auth?: (() => Promise<PrometheusAuth>) | undefined;
  /** For one fetch, whatever the number of queries. Default 5 s. */
  readonly timeoutMs?: number;
  /** How long a fetch waits for others that ask for the same rows. Default 20 ms. */
  readonly batchWindowMs?: number;
  /** Default 32 MiB. */
  readonly maxResponseBytes?: number;
  /** Queries under way at once. Default 8. */
  readonly maxConcurrent?: number;
  /** Replaces axios' transport: how an embedded Prometheus is reached without sockets. */
  readonly adapter?: AxiosAdapter | undefined;
  /** Hears of every query. */
  readonly onQuery?: QueryClientOptions["onQuery"];
}

export const DEFAULTS = {
  timeoutMs: 5_000,
  batchWindowMs: 20,
  maxResponseBytes: 32 * 1_024 * 1_024,
  maxConcurrent: 8,
};

/** Rows that one fetch may ask for: half a day of intervals of a second, a month of those of a minute. */
const MAX_ROWS = 45_000;

/**
 * Evidence from Prometheus. Requests, errors and latency come from Istio's standard metrics, as exact increments (see
 * promql-text.ts), in queries that are shared by all rollouts that ask for the same rows. Metrics with a query of
 * their own take one query each (two with a baseline).
 */
export class PrometheusSource implements MetricsSource {
  readonly #clock: Clock;
  readonly #client: QueryClient;
  readonly #batcher: Batcher;
  readonly #timeoutMs: number;

  constructor(options: PrometheusSourceOptions) {
    const settings = { ...DEFAULTS, ...options };
    this.#clock = options.clock;
    this.#timeoutMs = settings.timeoutMs;
    this.#client = new QueryClient(settings);
    this.#batcher = new Batcher(options.clock, this.#client, {
      windowMs: settings.batchWindowMs,
      timeoutMs: settings.timeoutMs,
    });
  }

  /** HTTP requests made so far. */
  get queriesSent(): number {
    return this.#client.queriesSent;
  }

  async fetch(query: EvidenceQuery, signal?: AbortSignal): Promise<readonly EvidenceRow[]> {
    const rows: Rows = { fromMs: query.fromMs, toMs: query.toMs, stepMs: query.intervalMs };
    if (rowCount(rows) < 1) return [];
    if (rowCount(rows) > MAX_ROWS)
      return failedRows(query, `more than ${MAX_ROWS} rows are asked for at once`);
    if (signal?.aborted) return failedRows(query, "the query was cancelled");
    const cancelled = new AbortController();
    const onAbort = () => cancelled.abort(cancelledFailure());
    signal?.addEventListener("abort", onAbort, { once: true });
    const limit = deadline(this.#clock, this.#timeoutMs, {
      parent: cancelled.signal,
      reason: () => timedOut(this.#timeoutMs),
    });
    try {
      const own = query.metrics.filter((metric) => metric.query !== undefined);
      const [batch, ...samples] = await Promise.all([
        this.#batcher.ask(
          {
            arms: [query.canary, query.primary],
            rows,
            wantsLatency: query.metrics.some(({ name }) => name === "latency"),
            counts: query.counts,
          },
          limit.signal,
        ),
        ...own.map((metric) => ownSamples(this.#client, metric, query, limit.signal)),
      ]);
      const named = own.map((metric, index) => [metric.name, samples[index] as OwnSamples] as const);
      return endsOf(query).map((endMs, row) => evidenceRow(query, { row, endMs, batch, own: named }));
    } finally {
      limit.release();
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

function evidenceRow(
  query: EvidenceQuery,
  {
    row,
    endMs,
    batch,
    own,
  }: {
    readonly row: number;
    readonly endMs: number;
    readonly batch: BatchResult;
    readonly own: readonly (readonly [string, OwnSamples])[];
  },
): EvidenceRow {
  const canary = batch.increments.of(query.canary);
  const primary = batch.increments.of(query.primary);
  const errors = [batch.error, canary?.problems.get(row), primary?.problems.get(row)].filter(
    (error) => error !== null && error !== undefined,
  );
  const sent = sentCounts(canary, primary, row);
  return {
    endMs,
    canary: armCounts(canary, row, { phase: query.phase, arm: "canary" }),
    primary: armCounts(primary, row, { phase: query.phase, arm: "primary" }),
    ...(sent === null ? {} : { sent }),
    ...(query.counts === "connections" ? { bytes: carriedBytes(canary, primary, row) } : {}),
    own: Object.fromEntries(own.map(([name, samples]) => [name, samples(row)])),
    ...(errors.length === 0 ? {} : { error: errors.join("; ") }),
  };
}

function endsOf({ fromMs, toMs, intervalMs }: EvidenceQuery): number[] {
  const ends: number[] = [];
  for (let endMs = fromMs; endMs <= toMs; endMs += intervalMs) ends.push(endMs);
  return ends;
}

function failedRows(query: EvidenceQuery, error: string): EvidenceRow[] {
  return endsOf(query)
    .slice(0, MAX_ROWS)
    .map((endMs) => ({ endMs, canary: null, primary: null, own: {}, error }));
}
