import {
  beginComparison,
  type CohortEvidence,
  type Comparison,
  type ComparisonPlan,
  isPersistent,
  isSuspicious,
  observeComparison,
  restartComparison,
  suffices,
  weightOf,
} from "./comparison.ts";
import type { TestEvidence } from "./confidence.ts";
import { type ArmTally, addCounts, NO_COUNTS, NOTHING, type PairCounts, shareOf } from "./counts.ts";
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
  type MetricPlan,
  type Opinion,
  type RowContext,
  type View,
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
/** Bounds in all, when the primary's tail moves: a bound on the work of a tick. */
const MOST_JUDGED = 7;

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

export function observeLatency(state: LatencyState, plan: MetricPlan, context: RowContext): LatencyState {
  const canary = toHistogram(context.row.canary?.latencyMs ?? null);
  const primary = toHistogram(context.row.primary?.latencyMs ?? null);
  const tail =
    primary === null || primary.total === 0
      ? state.tail
      : observeTail(state.tail, primary, context.settings.intervalMs);
  const bounds = primary === null ? state.bounds : observeBounds(state, plan, context, { canary, primary });
  if (context.use === "history") return { ...state, tail, bounds };
  const comparable = canary !== null && primary !== null && canary.total > 0 && primary.total > 0;
  const seen: LatencyState = {
    ...state,
    tail,
    bounds,
    window: canary === null ? state.window : observeMax(state.window, plan.metric, context, canary),
    warmIntervals: state.warmIntervals + (comparable && context.use === "warm" ? 1 : 0),
    canary: context.inPosition && canary !== null ? addHistograms(state.canary, canary) : state.canary,
    primary: context.inPosition && primary !== null ? addHistograms(state.primary, primary) : state.primary,
  };
  if (seen.failure !== null) return seen;
  const reason = failureReason(seen, plan);
  return reason === null ? seen : { ...seen, failure: { atMs: context.row.endMs, reason } };
}

/** A new position counts anew; `afresh` also forgets the canary, but not what was learnt of the primary. */
export function enterLatency(state: LatencyState, plan: MetricPlan, afresh: boolean): LatencyState {
  if (!afresh) return { ...state, canary: null, primary: null };
  const { comparison } = plan;
  const bounds = state.bounds.map((bound) =>
    comparison === null
      ? bound
      : { ...bound, counts: NO_COUNTS, comparison: restartComparison(bound.comparison, comparison) },
  );
  return { ...beginLatency(), tail: state.tail, bounds };
}

/** A row's histograms; the canary's is null before the run and where the source has none. */
interface Pair {
  readonly canary: Histogram | null;
  readonly primary: Histogram;
}

/** Bounds are chosen from the tail before this row: what is judged never depends on what it is judged by. */
function observeBounds(
  state: LatencyState,
  { comparison: plan }: MetricPlan,
  context: RowContext,
  pair: Pair,
): readonly JudgedBound[] {
  if (plan === null) return state.bounds;
  const chosen = new Map(chooseBounds(state.tail).map((bound) => [bound.boundMs, bound]));
  const known = new Map(state.bounds.map((bound) => [bound.boundMs, bound]));
  for (const boundMs of chosen.keys()) {
    if (known.has(boundMs) || known.size >= MOST_JUDGED) continue;
    known.set(boundMs, { boundMs, comparison: beginComparison(plan), counts: NO_COUNTS });
  }
  return [...known.values()].map((judged) => {
    const tailBound = chosen.get(judged.boundMs);
    return tailBound === undefined ? judged : observeBound(judged, tailBound, plan, context, pair);
  });
}

function observeBound(
  judged: JudgedBound,
  tailBound: TailBound,
  plan: ComparisonPlan,
  context: RowContext,
  { canary, primary }: Pair,
): JudgedBound {
  const slow = (histogram: Histogram): ArmTally | null => {
    const bad = slowerThan(histogram, judged.boundMs);
    return bad === null ? null : { total: histogram.total, bad };
  };
  const primaryTally = slow(primary);
  const canaryTally = canary === null ? NOTHING : slow(canary);
  if (primaryTally === null || canaryTally === null) return judged;
  const counts: PairCounts = { canary: canaryTally, primary: primaryTally };
  const primaryRate = slowLevel(tailBound, primary);
  return {
    boundMs: judged.boundMs,
    counts: context.use === "history" ? judged.counts : addCounts(judged.counts, counts),
    comparison: observeComparison(judged.comparison, counts, plan, { ...context, primaryRate }),
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
function combined({ bounds }: LatencyState): CohortEvidence {
  const places = Math.max(LEAST_BOUNDS, bounds.length);
  // Bounds that are not there count as evidence 0: valid, and only slower.
  const mean = (of: keyof CohortEvidence): number =>
    Math.log(bounds.reduce((sum, bound) => sum + Math.exp(bound.comparison.evidence[of]), 0) / places);
  return { warm: mean("warm"), all: mean("all"), doubt: mean("doubt") };
}

function worstBound(state: LatencyState): JudgedBound | undefined {
  return [...state.bounds].sort((a, b) => b.comparison.evidence.warm - a.comparison.evidence.warm)[0];
}

function failureReason(state: LatencyState, plan: MetricPlan): string | null {
  const { metric, thresholds } = plan;
  if (metric.baseline !== null && isSlower(state, plan)) {
    return `${slowText(worstBound(state))}, ratio above ${metric.baseline.maxRatio} and difference above ${percentage(metric.baseline.minDelta)}`;
  }
  const allowed = 1 - metric.percentile;
  if (metric.max !== null && limitEvidence(state.window, allowed, metric.windowMs) >= thresholds.limit) {
    return overText(state, metric, metric.max);
  }
  return null;
}

function isSlower(state: LatencyState, plan: MetricPlan): boolean {
  const worst = worstBound(state);
  if (worst === undefined || plan.comparison === null || state.warmIntervals < LEAST_WARM_INTERVALS) {
    return false;
  }
  const { comparison } = worst;
  return suffices(combined(state), plan.thresholds.comparison) && isPersistent(comparison, plan.comparison);
}

function slowText(bound: JudgedBound | undefined): string {
  if (bound === undefined) return "latency";
  const since = bound.comparison.suspect.counts;
  const { canary, primary } = since.canary.bad > 0 ? since : bound.counts;
  return `slower than ${milliseconds(bound.boundMs)}: canary ${share(canary)} vs primary ${share(primary)}`;
}

function overText(state: LatencyState, metric: MetricSettings, maxMs: number): string {
  const tally = windowTally(state.window);
  return `${percentage(shareOf(tally))} of ${count(tally.total)} requests took longer than ${milliseconds(maxMs)}, ${percentage(1 - metric.percentile)} may`;
}

export function assessLatency(state: LatencyState, plan: MetricPlan): Opinion {
  return { ...viewOf(state, plan), tests: testsOf(state, plan) };
}

function testsOf(state: LatencyState, { metric, thresholds }: MetricPlan): readonly TestEvidence[] {
  const over = limitEvidence(state.window, 1 - metric.percentile, metric.windowMs);
  return [
    { evidence: weightOf(combined(state)), needed: thresholds.comparison },
    { evidence: over, needed: thresholds.limit },
  ];
}

function viewOf(state: LatencyState, plan: MetricPlan): View {
  const { metric, thresholds } = plan;
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
  if (metric.baseline !== null && isSuspicious(combined(state), thresholds.comparison)) {
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
