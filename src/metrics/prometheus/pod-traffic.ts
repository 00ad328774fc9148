import type { ArmCounts, PodRow } from "../../api/evidence.ts";
import { type Clock, deadline } from "../../lib/clock.ts";
import { toError } from "../../lib/errors.ts";
import type { Arm } from "../metrics.ts";
import { isErrorCode, LATENCY_METRIC, REQUESTS_METRIC } from "./istio-query.ts";
import { findPodLabel, type PodLabel, receivedBy } from "./pod-label.ts";
import { DEFAULTS, type PrometheusSourceOptions } from "./prometheus-source.ts";
import { increments } from "./promql-text.ts";
import { QueryClient, type ResultSeries, type Rows, rowCount } from "./query-client.ts";
import { timedOut } from "./query-failure.ts";

/** Values of one answer (rows times pods times buckets): some 20 MB. */
const MOST_POD_ROWS = 12_000;
const FIRST_ROWS = 60;
const MOST_ROWS = 1_000;

/**
 * One workload's requests, errors and latency by pod, as its own sidecars report them. Failures that no sidecar has seen
 * (connection refused) belong to no pod and are not among them.
 */
export class PodTraffic {
  readonly #client: QueryClient;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(options: PrometheusSourceOptions) {
    const settings = { ...DEFAULTS, ...options };
    this.#client = new QueryClient(settings);
    this.#clock = options.clock;
    this.#timeoutMs = settings.timeoutMs;
  }

  /** Which label tells the pods apart; `named` is the user's word for it. Rejects with QueryFailure. */
  podLabel(arm: Arm, range: Pick<Rows, "fromMs" | "toMs">, named: string | null): Promise<PodLabel> {
    return this.#within((signal) => findPodLabel(this.#client, arm, range, named, signal));
  }

  /**
   * The rows from `fromMs` to `toMs`, oldest first, in portions that Prometheus can take. What could not be read says
   * why in its `error`.
   */
  async *rows(arm: Arm, label: string, { fromMs, toMs, stepMs }: Rows): AsyncGenerator<readonly PodRow[]> {
    let size = FIRST_ROWS;
    for (let from = fromMs; from <= toMs; ) {
      const to = Math.min(toMs, from + (size - 1) * stepMs);
      const portion = await this.#portion(arm, label, { fromMs: from, toMs: to, stepMs });
      yield portion;
      from = to + stepMs;
      const pods = new Set(portion.flatMap((row) => [...row.pods.keys()])).size;
      size = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_POD_ROWS / Math.max(1, pods))));
    }
  }

  async #portion(arm: Arm, label: string, rows: Rows): Promise<readonly PodRow[]> {
    const [requests, latency] = [
      `sum by (${label}, response_code) ${increments(receivedBy(REQUESTS_METRIC, arm), rows.stepMs)}`,
      `sum by (${label}, le) ${increments(receivedBy(LATENCY_METRIC, arm), rows.stepMs)}`,
    ];
    try {
      return await this.#within(async (signal) => {
        const found = await Promise.all([
          this.#client.run(requests, rows, signal),
          this.#client.run(latency, rows, signal),
        ]);
        return podRows(label, rows, { requests: found[0], latency: found[1] });
      });
    } catch (thrown) {
      const error = toError(thrown).message;
      return endsOf(rows).map((endMs) => ({ endMs, pods: new Map(), error }));
    }
  }

  async #within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = deadline(this.#clock, this.#timeoutMs, { reason: () => timedOut(this.#timeoutMs) });
    try {
      return await work(limit.signal);
    } finally {
      limit.release();
    }
  }
}

interface Counting {
  requests: number;
  errors: number;
  latencyMs: Record<string, number> | null;
}

interface Found {
  readonly requests: readonly ResultSeries[];
  readonly latency: readonly ResultSeries[];
}

/** Puts both answers together, by row and pod. A histogram without requests is of a pod that is just appearing. */
function podRows(label: string, rows: Rows, { requests, latency }: Found): readonly PodRow[] {
  const byRow = endsOf(rows).map(() => new Map<string, Counting>());
  for (const { labels, values } of requests) {
    const isError = isErrorCode(labels["response_code"]);
    for (const [row, value] of values) {
      const pods = byRow[row];
      if (pods === undefined) continue;
      const pod = labels[label] ?? "";
      const counts = pods.get(pod) ?? { requests: 0, errors: 0, latencyMs: null };
      counts.requests += value;
      if (isError) counts.errors += value;
      pods.set(pod, counts);
    }
  }
  for (const { labels, values } of latency) {
    for (const [row, value] of values) {
      const counts = byRow[row]?.get(labels[label] ?? "");
      if (counts === undefined) continue;
      counts.latencyMs ??= {};
      counts.latencyMs[labels["le"] ?? ""] = value;
    }
  }
  return endsOf(rows).map((endMs, row) => ({
    endMs,
    pods: new Map([...(byRow[row] as Map<string, ArmCounts>)].filter(([, { requests: n }]) => isCount(n))),
  }));
}

/** NaN and infinities come from a source that is not Prometheus, or from recording rules. */
function isCount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function endsOf(rows: Rows): readonly number[] {
  return Array.from({ length: Math.max(0, rowCount(rows)) }, (_, row) => rows.fromMs + row * rows.stepMs);
}
