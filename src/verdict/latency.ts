import {
  beginComparison,
  type CohortEvidence,
  type Comparison,
  comparisonEvidence,
  observeComparison,
  refutes,
} from "./comparison.ts";
import { addCounts, NO_COUNTS, type PairCounts, shareOf } from "./counts.ts";
import {
  addHistograms,
  boundAtLeast,
  type Histogram,
  quantile,
  slowerThan,
  toHistogram,
} from "./histogram.ts";
import type { MetricSettings } from "./judge-settings.ts";
import {
  chooseBounds,
  NO_TAIL,
  observeTail,
  type PrimaryTail,
  slowLevel,
  type TailBound,
} from "./latency-bounds.ts";
import { EMPTY_WINDOW, type LimitWindow, limitEvidence, observeLimit, windowTally } from "./limit-window.ts";
import {
  type Failure,
  LEAST_WARM_INTERVALS,
  type Opinion,
  type RowContext,
  SUSPICION,
  type Thresholds,
} from "./metric-judge.ts";
import { count, milliseconds, percentage, share } from "./wording.ts";

/**
 * Response times, judged by counting requests above bucket bounds: each bound is a comparison of its own, and their
 * evidence is averaged, which is valid however they depend on each other (Vovk & Wang 2021).
 */
export interface LatencyState {
  readonly kind: "latency";
  readonly tail: PrimaryTail;
  readonly bounds: readonly JudgedBound[];
  readonly window: LimitWindow;
  readonly warmIntervals: number;
  readonly canary: Histogram | null;
  readonly primary: Histogram | null;
  readonly failure: Failure | null;
}

interface JudgedBound {
  readonly boundMs: number;
  readonly comparison: Comparison;
  readonly counts: PairCounts;
}

/** Fewer bounds than this count as this many: the chance of a lucky bound is paid for in advance. */
const LEAST_BOUNDS = 3;

export function beginLatency(): LatencyState {
  return {
    kind: "latency",
    tail: NO_TAIL,
    bounds: [],
    window: EMPTY_WINDOW,
    warmIntervals: 0,
    canary: null,
    primary: null,
    failure: null,
  };
}

export function observeLatency(
  state: LatencyState,
  metric: MetricSettings,
  context: RowContext,
  thresholds: Thresholds,
): LatencyState {
  const canary = toHistogram(context.row.canary?.latencyMs ?? null);
  const primary = toHistogram(context.row.primary?.latencyMs ?? null);
  const tail =
    primary === null || primary.total === 0
      ? state.tail
      : observeTail(state.tail, primary, context.settings.intervalMs);
  if (context.use === "history") return { ...state, tail };
  const comparable = canary !== null && primary !== null && canary.total > 0 && primary.total > 0;
  const compared = metric.baseline !== null && comparable;
  const seen: LatencyState = {
    ...state,
    tail,
    bounds: compared ? observeBounds(state, metric, context, { canary, primary }) : state.bounds,
    window: canary === null ? state.window : observeMax(state.window, metric, context, canary),
    warmIntervals: state.warmIntervals + (comparable && context.use === "warm" ? 1 : 0),
    canary: context.inPosition && canary !== null ? addHistograms(state.canary, canary) : state.canary,
    primary: context.inPosition && primary !== null ? addHistograms(state.primary, primary) : state.primary,
  };
  if (seen.failure !== null) return seen;
  const reason = failureReason(seen, metric, thresholds);
  return reason === null ? seen : { ...seen, failure: { atMs: context.row.endMs, reason } };
}

/** A new position counts anew; `afresh` also forgets the canary, but not what was learnt of the primary. */
export function enterLatency(state: LatencyState, afresh: boolean): LatencyState {
  return afresh ? { ...beginLatency(), tail: state.tail } : { ...state, canary: null, primary: null };
}

interface Pair {
  readonly canary: Histogram;
  readonly primary: Histogram;
}

/** Bounds are chosen from the tail before this row: what is judged never depends on what it is judged by. */
function observeBounds(
  state: LatencyState,
  metric: MetricSettings,
  context: RowContext,
  pair: Pair,
): readonly JudgedBound[] {
  const chosen = new Map(chooseBounds(state.tail).map((bound) => [bound.boundMs, bound]));
  const known = new Map(state.bounds.map((bound) => [bound.boundMs, bound]));
  for (const boundMs of chosen.keys()) {
    if (!known.has(boundMs))
      known.set(boundMs, { boundMs, comparison: beginComparison(), counts: NO_COUNTS });
  }
  return [...known.values()].map((judged) => {
    const tailBound = chosen.get(judged.boundMs);
    return tailBound === undefined ? judged : observeBound(judged, tailBound, metric, context, pair);
  });
}

function observeBound(
  judged: JudgedBound,
  tailBound: TailBound,
  metric: MetricSettings,
  context: RowContext,
  pair: Pair,
): JudgedBound {
  const canarySlow = slowerThan(pair.canary, judged.boundMs);
  const primarySlow = slowerThan(pair.primary, judged.boundMs);
  if (metric.baseline === null || canarySlow === null || primarySlow === null) return judged;
  const counts: PairCounts = {
    canary: { total: pair.canary.total, bad: canarySlow },
    primary: { total: pair.primary.total, bad: primarySlow },
  };
  return {
    boundMs: judged.boundMs,
    counts: addCounts(judged.counts, counts),
    comparison: observeComparison(judged.comparison, counts, {
      ...context,
      baseline: metric.baseline,
      primaryRate: slowLevel(tailBound, pair.primary),
    }),
  };
}

function observeMax(
  window: LimitWindow,
  metric: MetricSettings,
  context: RowContext,
  canary: Histogram,
): LimitWindow {
  if (metric.max === null || context.use !== "warm" || canary.total === 0) return window;
  const boundMs = boundAtLeast(canary, metric.max);
  const bad = boundMs === null ? 0 : (slowerThan(canary, boundMs) ?? 0);
  return observeLimit(window, context.row.endMs, { total: canary.total, bad }, metric.windowMs);
}

/** Average of the bounds' evidence. */
function combined(state: LatencyState): CohortEvidence {
  const places = Math.max(LEAST_BOUNDS, state.bounds.length);
  const all = state.bounds.map((bound) => comparisonEvidence(bound.comparison));
  // Bounds that are not there count as evidence 0: valid, and only slower.
  const mean = (pick: (evidence: CohortEvidence) => number): number =>
    Math.log(all.reduce((sum, evidence) => sum + Math.exp(pick(evidence)), 0) / places);
  return { warm: mean((e) => e.warm), all: mean((e) => e.all) };
}

function worstBound(state: LatencyState): JudgedBound | undefined {
  const evidence = (bound: JudgedBound): number => comparisonEvidence(bound.comparison).warm;
  return [...state.bounds].sort((a, b) => evidence(b) - evidence(a))[0];
}

function failureReason(state: LatencyState, metric: MetricSettings, thresholds: Thresholds): string | null {
  if (
    metric.baseline !== null &&
    state.warmIntervals >= LEAST_WARM_INTERVALS &&
    refutes(combined(state), thresholds.comparison)
  ) {
    return `${slowText(worstBound(state))}, ratio above ${metric.baseline.maxRatio} and difference above ${percentage(metric.baseline.minDelta)}`;
  }
  const allowed = 1 - metric.percentile;
  if (metric.max !== null && limitEvidence(state.window, allowed, metric.windowMs) >= thresholds.limit) {
    return overText(state, metric, metric.max);
  }
  return null;
}

function slowText(bound: JudgedBound | undefined): string {
  if (bound === undefined) return "latency";
  const { canary, primary } = bound.counts;
  return `slower than ${milliseconds(bound.boundMs)}: canary ${share(canary)} vs primary ${share(primary)}`;
}

function overText(state: LatencyState, metric: MetricSettings, maxMs: number): string {
  const tally = windowTally(state.window);
  return `${percentage(shareOf(tally))} of ${count(tally.total)} requests took longer than ${milliseconds(maxMs)}, ${percentage(1 - metric.percentile)} may`;
}

export function assessLatency(state: LatencyState, metric: MetricSettings): Opinion {
  const name = `p${Number((metric.percentile * 100).toFixed(4))}`;
  const value = (histogram: Histogram | null): string | null => {
    const ms = histogram === null ? null : quantile(histogram, metric.percentile);
    return ms === null ? null : milliseconds(ms);
  };
  const base = { canary: value(state.canary), primary: value(state.primary), limit: limitText(metric, name) };
  if (state.failure !== null) return { ...base, result: "fail", reason: state.failure.reason };
  if (base.canary === null) {
    return {
      ...base,
      result: "inconclusive",
      reason: "no histogram of the canary's response times in this step",
    };
  }
  if (metric.baseline !== null && state.bounds.length === 0) {
    return { ...base, result: "inconclusive", reason: `too few primary requests to know its usual latency` };
  }
  if (metric.baseline !== null && combined(state).warm >= SUSPICION) {
    const reason = `${slowText(worstBound(state))} looks slower, not certain yet`;
    return { ...base, result: "inconclusive", reason };
  }
  if (metric.max !== null && shareOf(windowTally(state.window)) > 1 - metric.percentile) {
    return {
      ...base,
      result: "inconclusive",
      reason: `${overText(state, metric, metric.max)}; not certain yet`,
    };
  }
  const against = base.primary === null ? "" : `, primary ${base.primary}`;
  return { ...base, result: "pass", reason: `${name} ${base.canary}${against}` };
}

function limitText(metric: MetricSettings, name: string): string {
  const parts: string[] = [];
  if (metric.max !== null) parts.push(`${name} at most ${milliseconds(metric.max)}`);
  if (metric.baseline !== null) parts.push(`slow requests at most ${metric.baseline.maxRatio} x primary`);
  return parts.join(", ");
}
