import type { EvidenceRow } from "../api/evidence.ts";
import type { MetricSpec } from "../api/spec.ts";

/** Which pods' requests are asked for. */
export interface Arm {
  readonly namespace: string;
  /** Value of Istio's destination_workload label. */
  readonly workload: string;
}

export interface EvidenceQuery {
  readonly canary: Arm;
  readonly primary: Arm;
  /** Values for templates of own queries: `{{ target }}`, `{{ namespace }}`, ... */
  readonly variables: Readonly<Record<string, string>>;
  /** Rows end at multiples of this (Unix time), each covering one interval. */
  readonly intervalMs: number;
  /** First and last row end, both included; multiples of intervalMs. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly metrics: readonly MetricSpec[];
  /**
   * "live": both reporters, since a dead canary shows only at the source. "shadow": the canary's destination reporter
   * alone, where mirrored requests are seen.
   */
  readonly phase: "live" | "shadow";
  /** What the proxies count: requests or, on ports whose bytes they do not look into, connections. */
  readonly counts: "requests" | "connections";
}

/**
 * Where evidence comes from. `fetch` never rejects: what failed stands in the rows' `error`, so that a dead source is
 * an outcome, not an exception. One call takes at most the source's timeout, whatever the number of queries.
 */
export interface MetricsSource {
  /** The rows from `fromMs` to `toMs`, oldest first, one an interval. */
  fetch(query: EvidenceQuery, signal?: AbortSignal): Promise<readonly EvidenceRow[]>;
}
