import type { ArmCounts, EvidenceRow } from "../api/evidence.ts";
import type { EvidenceChart } from "../api/notification.ts";
import { quantile, toHistogram } from "../verdict/histogram.ts";
import type { MetricSettings } from "../verdict/judge-settings.ts";

/**
 * What every metric was, interval by interval, since the canary got its first requests: for people to look at. No verdict
 * is made from it. Bounded: a long run is told in coarser points.
 */
export interface Trail {
  /** Oldest first. */
  readonly points: readonly TrailPoint[];
  /** Rows in a full point. */
  readonly rowsEach: number;
}

interface TrailPoint {
  readonly endMs: number;
  readonly rows: number;
  /** In the order of the judge's metrics. */
  readonly values: readonly Pair[];
}

type Pair = readonly [canary: number | null, primary: number | null];

export const NO_TRAIL: Trail = { points: [], rowsEach: 1 };

const MAX_POINTS = 48;
/** Fewer are no curve. */
const MIN_POINTS = 2;

export function extendTrail(trail: Trail, row: EvidenceRow, metrics: readonly MetricSettings[]): Trail {
  const fresh: TrailPoint = {
    endMs: row.endMs,
    rows: 1,
    values: metrics.map((metric) => pairOf(metric, row)),
  };
  const last = trail.points.at(-1);
  if (last !== undefined && last.rows < trail.rowsEach)
    return { ...trail, points: [...trail.points.slice(0, -1), merged(last, fresh)] };
  const points = [...trail.points, fresh];
  return points.length <= MAX_POINTS ? { ...trail, points } : coarser(points, trail.rowsEach);
}

function coarser(points: readonly TrailPoint[], rowsEach: number): Trail {
  const pairs = points.flatMap((point, i) => {
    if (i % 2 === 1) return [];
    const next = points[i + 1];
    return [next === undefined ? point : merged(point, next)];
  });
  return { points: pairs, rowsEach: rowsEach * 2 };
}

/** The greater of two: a spike must not vanish by being looked at from afar. */
function merged(a: TrailPoint, b: TrailPoint): TrailPoint {
  return {
    endMs: b.endMs,
    rows: a.rows + b.rows,
    values: a.values.map(([canary, primary], i) => {
      const [nextCanary, nextPrimary] = b.values[i] as Pair;
      return [greater(canary, nextCanary), greater(primary, nextPrimary)];
    }),
  };
}

function greater(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

function pairOf(metric: MetricSettings, row: EvidenceRow): Pair {
  switch (metric.kind) {
    case "success-rate":
      return [errorPercent(row.canary), errorPercent(row.primary)];
    case "latency":
      return [latencyMs(row.canary, metric.percentile), latencyMs(row.primary, metric.percentile)];
    case "own": {
      const { canary = null, primary = null } = row.own[metric.name] ?? {};
      return [canary, primary];
    }
  }
}

function errorPercent(counts: ArmCounts | null): number | null {
  return counts === null || counts.requests <= 0 ? null : (100 * counts.errors) / counts.requests;
}

function latencyMs(counts: ArmCounts | null, percentile: number): number | null {
  const histogram = toHistogram(counts?.latencyMs ?? null);
  return histogram === null ? null : quantile(histogram, percentile);
}

/** The named metric's chart, or that of the first one; null when there is too little to draw. */
export function chartOf(
  trail: Trail,
  metrics: readonly MetricSettings[],
  options: { readonly metric: string | undefined; readonly intervalMs: number },
): EvidenceChart | null {
  const index = Math.max(
    0,
    metrics.findIndex(({ name }) => name === options.metric),
  );
  const metric = metrics[index];
  const [first, last] = [trail.points[0], trail.points.at(-1)];
  if (metric === undefined || first === undefined || last === undefined) return null;
  const pairs = trail.points.map(({ values }) => values[index] as Pair);
  if (pairs.filter(([canary]) => canary !== null).length < MIN_POINTS) return null;
  return {
    ...titleOf(metric),
    fromMs: first.endMs - first.rows * options.intervalMs,
    toMs: last.endMs,
    canary: pairs.map(([canary]) => canary),
    primary: pairs.map(([, primary]) => primary),
  };
}

function titleOf(metric: MetricSettings): { readonly title: string; readonly unit: string } {
  switch (metric.kind) {
    case "success-rate":
      return { title: "error rate", unit: "%" };
    case "latency":
      return { title: `latency p${Number((metric.percentile * 100).toFixed(3))}`, unit: "ms" };
    case "own":
      return { title: metric.name, unit: "" };
  }
}
