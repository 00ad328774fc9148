import type { EvidenceRow } from "../api/evidence.ts";
import type { Rollout } from "../api/rollout.ts";
import { evidenceQueryOf } from "../controller/evidence-query.ts";
import type { Clock } from "../lib/clock.ts";
import { parseDuration } from "../lib/duration.ts";
import type { MetricsSource } from "../metrics/metrics.ts";
import { PrometheusSource } from "../metrics/prometheus/prometheus-source.ts";

/** What Prometheus has kept of a stretch of time, as the rows that a run would have seen. */
export interface BacktestQuery {
  readonly rollout: Rollout;
  readonly fromMs: number;
  readonly toMs: number;
  /** Workloads as Istio's destination_workload names them; default: those of the Rollout. */
  readonly canary?: string | undefined;
  readonly primary?: string | undefined;
}

/** Rows of one range query: far below the 11,000 points that Prometheus allows. */
const ROWS_AT_ONCE = 1_000;
export const RECORDED_TIMEOUT_MS = 30_000;

export function recordedSource(url: string, clock: Clock): MetricsSource {
  return new PrometheusSource({ clock, url, timeoutMs: RECORDED_TIMEOUT_MS });
}

/** The rows, oldest first; what could not be read says why in its `error`. */
export async function recordedRows(
  source: MetricsSource,
  { rollout, fromMs, toMs, canary, primary }: BacktestQuery,
): Promise<readonly EvidenceRow[]> {
  const { analysis } = rollout.spec;
  const intervalMs = parseDuration(analysis.interval) ?? 0;
  const first = Math.ceil(fromMs / intervalMs) * intervalMs;
  const rows: EvidenceRow[] = [];
  for (let from = first; from <= toMs; from += ROWS_AT_ONCE * intervalMs) {
    const last = Math.min(Math.floor(toMs / intervalMs) * intervalMs, from + (ROWS_AT_ONCE - 1) * intervalMs);
    const query = evidenceQueryOf(rollout, {
      kind: "evidence",
      fromMs: from,
      toMs: last,
      intervalMs,
      metrics: analysis.metrics,
      phase: "live",
    });
    const named = {
      ...query,
      canary: { ...query.canary, workload: canary ?? query.canary.workload },
      primary: { ...query.primary, workload: primary ?? query.primary.workload },
    };
    rows.push(...(await source.fetch(named)));
  }
  return rows;
}
