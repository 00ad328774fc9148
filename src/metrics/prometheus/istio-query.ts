import type { Arm } from "../metrics.ts";
import { anyOf, increments } from "./promql-text.ts";
import type { ResultSeries } from "./query-client.ts";

/** Istio's standard metrics. https://istio.io/latest/docs/reference/config/metrics/ */
export const REQUESTS_METRIC = "istio_requests_total";
export const LATENCY_METRIC = "istio_request_duration_milliseconds_bucket";
const OPENED_METRIC = "istio_tcp_connections_opened_total";
const CLOSED_METRIC = "istio_tcp_connections_closed_total";
const BYTES_METRICS = ["istio_tcp_sent_bytes_total", "istio_tcp_received_bytes_total"] as const;

export type Reporter = "source" | "destination";

/** What one reporter saw of one arm within one interval. */
export interface ReporterCounts {
  requests: number;
  errors: number;
  /** Errors that the receiving proxy cannot have seen: the source's response flags say that nothing answered. */
  unseen: number;
  /** Whether all of it came with response flags; without them `unseen` says nothing. */
  hasFlags: boolean;
}

/**
 * Envoy's response flags of requests that the receiving proxy has counted too: answered, given up by the client or by
 * a timeout, delayed on purpose, out of retries. Any other flag (UF, UC, UH, UO, FI, ...) ends a request before that.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags
 */
const SEEN_FLAGS: ReadonlySet<string> = new Set(["-", "DC", "DI", "UT", "UR", "URX"]);

/**
 * Flags of connections that did not come about: no pod to connect to, or none that took it. What a connection that did
 * come about is used for, and how it ends, no proxy can judge.
 */
const FAILED_CONNECTION: ReadonlySet<string> = new Set(["UF", "UH", "UO", "UC", "URX", "LH", "NC", "NR"]);

/** Increments of one arm: by row, then by reporter. */
export interface ArmIncrements {
  readonly requests: Map<number, Map<Reporter, ReporterCounts>>;
  /** Cumulative buckets: upper bound ("25", "+Inf") to count. */
  readonly latencyMs: Map<number, Map<Reporter, Record<string, number>>>;
  /** Of connections, both ways. */
  readonly bytes: Map<number, Map<Reporter, number>>;
  /** By row: what cannot be used of what was found. */
  readonly problems: Map<number, string>;
}

/** Arm as key. Namespaces and workloads are DNS names, so "/" separates them. */
export function armKey({ namespace, workload }: Arm): string {
  return `${namespace}/${workload}`;
}

/** One query for the requests of all arms at once. */
export function requestsQuery(arms: readonly Arm[], intervalMs: number): string {
  const selector = `${REQUESTS_METRIC}{${matchers(arms, "source|destination")}}`;
  return `sum by (${ARM_LABELS}, reporter, response_code, response_flags) ${increments(selector, intervalMs)}`;
}

/**
 * One query for the latency buckets of all arms at once: the destination's, and the source's only where there is no
 * other, which halves the largest of all answers.
 */
export function latencyQuery(arms: readonly Arm[], intervalMs: number): string {
  const [destination, source] = (["destination", "source"] as const).map((reporter) => {
    const selector = `${LATENCY_METRIC}{${matchers(arms, reporter)}}`;
    return `sum by (${ARM_LABELS}, reporter, le) ${increments(selector, intervalMs)}`;
  });
  return `${destination} or ignoring (reporter) ${source}`;
}

/** Queries for the connections of all arms at once: those opened, those closed, and what went over them. */
export function connectionQueries(
  arms: readonly Arm[],
  intervalMs: number,
): { readonly opened: string; readonly closed: string; readonly bytes: string } {
  const grown = (metric: string) =>
    increments(`${metric}{${matchers(arms, "source|destination")}}`, intervalMs);
  const byFlags = `sum by (${ARM_LABELS}, reporter, response_flags)`;
  const byReporter = `sum by (${ARM_LABELS}, reporter)`;
  return {
    opened: `${byFlags} ${grown(OPENED_METRIC)}`,
    closed: `${byFlags} ${grown(CLOSED_METRIC)}`,
    bytes: BYTES_METRICS.map((metric) => `${byReporter} ${grown(metric)}`).join(" + "),
  };
}

const ARM_LABELS = "destination_workload_namespace, destination_workload";

/** Workloads of one namespace may be found in another too; the rows are told apart by both labels afterwards. */
function matchers(arms: readonly Arm[], reporters: string): string {
  const namespaces = anyOf(arms.map(({ namespace }) => namespace));
  const workloads = anyOf(arms.map(({ workload }) => workload));
  return `reporter=~"${reporters}",destination_workload_namespace=~${namespaces},destination_workload=~${workloads}`;
}

/** Collects the increments of the arms out of both queries' results. */
export class IncrementsByArm {
  readonly #arms = new Map<string, ArmIncrements>();

  /** Null: nothing was found for the arm. */
  of(arm: Arm): ArmIncrements | null {
    return this.#arms.get(armKey(arm)) ?? null;
  }

  addRequests(series: readonly ResultSeries[]): void {
    this.#each(series, REQUESTS_METRIC, (arm, reporter, { labels, values }) => {
      const isError = isErrorCode(labels["response_code"]);
      const flags = labels["response_flags"]?.split(",") ?? [];
      const isUnseen = isError && !flags.every((flag) => SEEN_FLAGS.has(flag));
      for (const [row, value] of values) {
        const counts = nested(arm.requests, row, reporter, noCounts);
        counts.requests += value;
        if (isError) counts.errors += value;
        if (isUnseen) counts.unseen += value;
        if (flags.length === 0) counts.hasFlags = false;
      }
    });
  }

  addLatency(series: readonly ResultSeries[]): void {
    this.#each(series, LATENCY_METRIC, (arm, reporter, { labels, values }) => {
      const bound = labels["le"];
      if (bound === undefined) return;
      for (const [row, value] of values) {
        const buckets = nested<Record<string, number>>(arm.latencyMs, row, reporter, () => ({}));
        buckets[bound] = value;
      }
    });
  }

  /** A connection is counted when it is opened; whether it came about is told when it is closed. */
  addConnections(
    opened: readonly ResultSeries[],
    closed: readonly ResultSeries[],
    bytes: readonly ResultSeries[],
  ): void {
    this.#each(opened, OPENED_METRIC, (arm, reporter, { values }) => {
      for (const [row, value] of values) nested(arm.requests, row, reporter, noCounts).requests += value;
    });
    this.#each(closed, CLOSED_METRIC, (arm, reporter, { labels, values }) => {
      const flags = labels["response_flags"]?.split(",") ?? [];
      if (!flags.some((flag) => FAILED_CONNECTION.has(flag))) return;
      for (const [row, value] of values) {
        const counts = nested(arm.requests, row, reporter, noCounts);
        counts.errors += value;
        counts.unseen += value;
        // Its opening may have been scraped an interval earlier.
        counts.requests = Math.max(counts.requests, counts.errors);
      }
    });
    this.#each(bytes, "the bytes", (arm, reporter, { values }) => {
      for (const [row, value] of values) {
        const ofRow = arm.bytes.get(row) ?? new Map<Reporter, number>();
        arm.bytes.set(row, ofRow.set(reporter, value));
      }
    });
  }

  #each(
    series: readonly ResultSeries[],
    metric: string,
    add: (arm: ArmIncrements, reporter: Reporter, series: ResultSeries) => void,
  ): void {
    for (const one of series) {
      const {
        reporter,
        destination_workload_namespace: namespace,
        destination_workload: workload,
      } = one.labels;
      if (reporter !== "source" && reporter !== "destination") continue;
      if (namespace === undefined || workload === undefined) continue;
      const key = armKey({ namespace, workload });
      let arm = this.#arms.get(key);
      if (arm === undefined) {
        arm = { requests: new Map(), latencyMs: new Map(), bytes: new Map(), problems: new Map() };
        this.#arms.set(key, arm);
      }
      for (const [row, value] of one.values) {
        if (!Number.isFinite(value) || value < 0) {
          arm.problems.set(row, `${metric} of ${key} grew by ${value}, want a number from 0`);
        }
      }
      add(arm, reporter, one);
    }
  }
}

/** Answered with 5xx, or (0) not at all. */
export function isErrorCode(responseCode: string | undefined): boolean {
  return /^(5..|0)$/.test(responseCode ?? "");
}

function noCounts(): ReporterCounts {
  return { requests: 0, errors: 0, unseen: 0, hasFlags: true };
}

function nested<T>(rows: Map<number, Map<Reporter, T>>, row: number, reporter: Reporter, create: () => T): T {
  let reporters = rows.get(row);
  if (reporters === undefined) {
    reporters = new Map();
    rows.set(row, reporters);
  }
  let value = reporters.get(reporter);
  if (value === undefined) {
    value = create();
    reporters.set(reporter, value);
  }
  return value;
}
