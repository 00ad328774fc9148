import {
  beginComparison,
  type CohortEvidence,
  type Comparison,
  type ComparisonContext,
  isPersistent,
  isSuspicious,
  NO_EVIDENCE,
  observeComparison,
  restartComparison,
  SUSPICION,
  suffices,
  weightOf,
} from "./comparison.ts";
import type { TestEvidence } from "./confidence.ts";
import { type ArmTally, addCounts, isComparable, NO_COUNTS, type PairCounts, shareOf } from "./counts.ts";
import type { MetricSettings } from "./judge-settings.ts";
import { EMPTY_WINDOW, type LimitWindow, limitEvidence, observeLimit, windowTally } from "./limit-window.ts";
import {
  type Failure,
  LEAST_WARM_INTERVALS,
  type MetricPlan,
  type Opinion,
  type RowContext,
  type View,
} from "./metric-judge.ts";
import { NO_LEVEL, observePrimary, type PrimaryLevel, primaryRate } from "./primary-level.ts";
import {
  beginSevereTest,
  observeSevere,
  SEVERE_POWER,
  type SevereTest,
  severeBound,
  severeEvidence,
} from "./severe-test.ts";
import { count, percentage, share } from "./wording.ts";

/** Failed requests: compared with the primary, held against `min`, and watched for disaster. */
export interface SuccessRateState {
  readonly kind: "success-rate";
  readonly level: PrimaryLevel;
  readonly comparison: Comparison | null;
  readonly severe: SevereTest;
  readonly window: LimitWindow;
  readonly warmIntervals: number;
  /** Since the canary first served. */
  readonly run: PairCounts;
  readonly position: PairCounts;
  readonly failure: Failure | null;
}

export function beginSuccessRate({ comparison }: MetricPlan): SuccessRateState {
  return {
    kind: "success-rate",
    level: NO_LEVEL,
    comparison: comparison === null ? null : beginComparison(comparison),
    severe: beginSevereTest(),
    window: EMPTY_WINDOW,
    warmIntervals: 0,
    run: NO_COUNTS,
    position: NO_COUNTS,
    failure: null,
  };
}

export function observeSuccessRate(
  state: SuccessRateState,
  plan: MetricPlan,
  context: RowContext,
): SuccessRateState {
  const counts = countsOf(context);
  const level = counts.primary.total > 0 ? observePrimary(state.level, counts.primary) : state.level;
  const comparison = compare(state, plan, counts, { ...context, primaryRate: primaryRate(level) });
  if (context.use === "history") return { ...state, level, comparison };
  const comparable = isComparable(counts);
  const seen: SuccessRateState = {
    ...state,
    level,
    comparison,
    severe: comparable
      ? observeSevere(
          state.severe,
          counts,
          severeBound(primaryRate(level), plan.metric.baseline),
          context.hazard,
        )
      : state.severe,
    window: observeMin(state.window, plan.metric, context, counts.canary),
    warmIntervals: state.warmIntervals + (comparable && context.use === "warm" ? 1 : 0),
    run: addCounts(state.run, counts),
    position: context.inPosition ? addCounts(state.position, counts) : state.position,
  };
  if (seen.failure !== null) return seen;
  const reason = failureReason(seen, plan);
  return reason === null ? seen : { ...seen, failure: { atMs: context.row.endMs, reason } };
}

function compare(
  state: SuccessRateState,
  plan: MetricPlan,
  counts: PairCounts,
  context: ComparisonContext,
): Comparison | null {
  if (state.comparison === null || plan.comparison === null) return null;
  return observeComparison(state.comparison, counts, plan.comparison, context);
}

function observeMin(
  window: LimitWindow,
  metric: MetricSettings,
  context: RowContext,
  canary: ArmTally,
): LimitWindow {
  if (metric.min === null || context.use !== "warm" || canary.total === 0) return window;
  return observeLimit(window, context.row.endMs, canary, metric.windowMs);
}

/** A new position counts anew; `afresh` also forgets the canary, but not what was learnt of the primary. */
export function enterSuccessRate(
  state: SuccessRateState,
  plan: MetricPlan,
  afresh: boolean,
): SuccessRateState {
  if (!afresh) return { ...state, position: NO_COUNTS };
  const { level, comparison } = state;
  const restarted =
    comparison === null || plan.comparison === null ? null : restartComparison(comparison, plan.comparison);
  return { ...beginSuccessRate(plan), level, comparison: restarted };
}

function countsOf({ row }: RowContext): PairCounts {
  const tally = (arm: typeof row.canary): ArmTally =>
    arm === null ? { total: 0, bad: 0 } : { total: arm.requests, bad: Math.min(arm.errors, arm.requests) };
  return { canary: tally(row.canary), primary: tally(row.primary) };
}

function evidenceOf(state: SuccessRateState): CohortEvidence {
  return state.comparison?.evidence ?? NO_EVIDENCE;
}

/** Counts since the canary began to look worse, or of the whole run where that cannot be told. */
function suspectCounts({ comparison, run }: SuccessRateState): PairCounts {
  const since = comparison?.suspect.counts;
  return since !== undefined && since.canary.bad > 0 ? since : run;
}

function failureReason(state: SuccessRateState, plan: MetricPlan): string | null {
  const { metric, thresholds } = plan;
  const { canary, primary } = suspectCounts(state);
  if (severeEvidence(state.severe) >= thresholds.severe) {
    const bound = percentage(severeBound(primaryRate(state.level), metric.baseline));
    return `canary fails ${share(canary)} of its requests, primary ${share(primary)}: more than ${bound} is never a burst`;
  }
  if (isWorse(state, plan)) {
    return `errors: canary ${share(canary)} vs primary ${share(primary)}, ${marginOf(metric)}`;
  }
  if (
    metric.min !== null &&
    limitEvidence(state.window, 1 - metric.min, metric.windowMs) >= thresholds.limit
  ) {
    const tally = windowTally(state.window);
    return `success rate ${percentage(1 - shareOf(tally))} of ${count(tally.total)} requests is below ${percentage(metric.min)}`;
  }
  return null;
}

function isWorse({ comparison, warmIntervals }: SuccessRateState, plan: MetricPlan): boolean {
  if (comparison === null || plan.comparison === null || warmIntervals < LEAST_WARM_INTERVALS) return false;
  const { evidence } = comparison;
  return suffices(evidence, plan.thresholds.comparison) && isPersistent(comparison, plan.comparison);
}

function marginOf({ baseline }: MetricSettings): string {
  return baseline === null
    ? ""
    : `ratio above ${baseline.maxRatio} and difference above ${percentage(baseline.minDelta)}`;
}

export function assessSuccessRate(state: SuccessRateState, plan: MetricPlan): Opinion {
  return { ...viewOf(state, plan), tests: testsOf(state, plan) };
}

function testsOf(state: SuccessRateState, { metric, thresholds }: MetricPlan): readonly TestEvidence[] {
  const { min } = metric;
  return [
    { evidence: weightOf(evidenceOf(state)), needed: thresholds.comparison },
    { evidence: SEVERE_POWER * severeEvidence(state.severe), needed: SEVERE_POWER * thresholds.severe },
    ...(min === null
      ? []
      : [{ evidence: limitEvidence(state.window, 1 - min, metric.windowMs), needed: thresholds.limit }]),
  ];
}

function viewOf(state: SuccessRateState, plan: MetricPlan): View {
  const { metric, thresholds } = plan;
  const { canary, primary } = state.position;
  const text = (tally: ArmTally): string | null =>
    tally.total === 0 ? null : percentage(1 - shareOf(tally));
  const base = { canary: text(canary), primary: text(primary), limit: limitText(metric) };
  if (state.failure !== null) return { ...base, result: "fail", reason: state.failure.reason };
  const suspect = suspectCounts(state);
  if (isSuspicious(evidenceOf(state), thresholds.comparison)) {
    const reason = `errors: canary ${share(suspect.canary)} vs primary ${share(suspect.primary)} looks worse, not certain yet`;
    return { ...base, result: "inconclusive", reason };
  }
  if (severeEvidence(state.severe) >= SUSPICION) {
    return {
      ...base,
      result: "inconclusive",
      reason: `canary fails ${share(suspect.canary)} of its requests`,
    };
  }
  const window = windowTally(state.window);
  if (metric.min !== null && window.total > 0 && 1 - shareOf(window) < metric.min) {
    const reason = `success rate ${percentage(1 - shareOf(window))} of ${count(window.total)} requests is below ${percentage(metric.min)}, not certain yet`;
    return { ...base, result: "inconclusive", reason };
  }
  if (canary.total === 0)
    return { ...base, result: "inconclusive", reason: "no canary requests in this step" };
  const reason = `${base.canary} of ${count(canary.total)} requests succeeded${
    primary.total === 0 ? "" : `, primary ${base.primary} of ${count(primary.total)}`
  }`;
  return { ...base, result: "pass", reason };
}

function limitText(metric: MetricSettings): string {
  const parts: string[] = [];
  if (metric.min !== null) parts.push(`min ${percentage(metric.min)}`);
  if (metric.baseline !== null) parts.push(`errors at most ${metric.baseline.maxRatio} x primary`);
  return parts.join(", ");
}
