import { type Stretch, thresholdsOf } from "./budget.ts";
import { comparisonPlan, type NoiseWeights } from "./comparison.ts";
import { type ArmTally, NOTHING } from "./counts.ts";
import type { JudgeSettings } from "./judge-settings.ts";
import { beginLatency, enterLatency, type LatencyState } from "./latency.ts";
import type { MetricPlan, Thresholds } from "./metric-judge.ts";
import { beginOwnMetric, type OwnMetricState } from "./own-metric.ts";
import { NOT_SERVING, settleFrom, type Warmup } from "./row-use.ts";
import { beginSuccessRate, enterSuccessRate, type SuccessRateState } from "./success-rate.ts";
import type { Position } from "./verdict.ts";

export type MetricState = SuccessRateState | LatencyState | OwnMetricState;

/** What has been learnt from the rows so far. Plain data, never mutated: each row makes a new one that shares parts. */
export interface JudgeState {
  readonly settings: JudgeSettings;
  readonly position: Position | null;
  /** End of the newest row folded in. */
  readonly lastRowEndMs: number | null;
  readonly stretch: Stretch;
  readonly warmup: Warmup;
  readonly totals: Totals;
  readonly feed: Feed;
  /** In the order of the settings. */
  readonly metrics: readonly MetricState[];
  readonly plans: readonly MetricPlan[];
}

/** Requests of the current position, and rows that could be compared. */
export interface Totals {
  readonly canary: ArmTally;
  readonly primary: ArmTally;
  /** From the end of the row before the position's first to the newest one's; for the rate. */
  readonly observedMs: number;
  readonly warmRows: number;
  readonly runWarmRows: number;
}

/** How the source of evidence is doing. */
export interface Feed {
  /** End of the newest row in which both arms served. */
  readonly bothMs: number | null;
  readonly canaryMs: number | null;
  readonly primaryMs: number | null;
  /** Rows in a row in which the source failed, and what it said. */
  readonly errors: number;
  readonly error: string | null;
}

export const NO_TOTALS: Totals = {
  canary: NOTHING,
  primary: NOTHING,
  observedMs: 0,
  warmRows: 0,
  runWarmRows: 0,
};

export const NO_FEED: Feed = { bothMs: null, canaryMs: null, primaryMs: null, errors: 0, error: null };

function beginMetric(plan: MetricPlan): MetricState {
  switch (plan.metric.kind) {
    case "success-rate":
      return beginSuccessRate(plan);
    case "latency":
      return beginLatency();
    case "own":
      return beginOwnMetric();
  }
}

/**
 * The floors lie just below the evidence that a failure takes (less what a mixture has at least): a calm primary can so
 * not quite rule out that the canary alone is bursty. Latency's evidence is an average over bounds, hence its lower one.
 */
const NOISE_WEIGHTS: Readonly<Record<"success-rate" | "latency", NoiseWeights>> = {
  "success-rate": { start: -3.2, floor: -6, busyFloor: -5 },
  latency: { start: -3.3, floor: -7, busyFloor: -6.75 },
};

function plansOf(settings: JudgeSettings): readonly MetricPlan[] {
  const thresholds = thresholdsOf(settings, "live");
  return settings.metrics.map((metric, index) => ({
    metric,
    thresholds: thresholds[index] as Thresholds,
    comparison:
      metric.baseline === null || metric.kind === "own"
        ? null
        : comparisonPlan(metric.baseline, settings.intervalMs, NOISE_WEIGHTS[metric.kind]),
  }));
}

/** The same plans at another stretch's share of the error budget. */
function replan(state: JudgeState, stretch: Stretch): readonly MetricPlan[] {
  if (stretch === state.stretch) return state.plans;
  const thresholds = thresholdsOf(state.settings, stretch);
  return state.plans.map((plan, index) => ({ ...plan, thresholds: thresholds[index] as Thresholds }));
}

export function beginState(settings: JudgeSettings): JudgeState {
  const plans = plansOf(settings);
  return {
    settings,
    position: null,
    lastRowEndMs: null,
    stretch: "live",
    warmup: NOT_SERVING,
    totals: NO_TOTALS,
    feed: NO_FEED,
    metrics: plans.map(beginMetric),
    plans,
  };
}

/**
 * A new position counts its own requests. Evidence goes on from step to step; from shadow to live it begins anew, since
 * mirrored requests are not what users send and get.
 */
export function enterState(state: JudgeState, position: Position): JudgeState {
  const current = state.position;
  if (current !== null && position.sinceMs <= current.sinceMs) return state;
  const stretch = nextStretch(state.stretch, current, position);
  const afresh = stretch !== state.stretch && current !== null;
  const rises = current !== null && (afresh || position.weight > current.weight);
  return {
    ...state,
    position,
    stretch,
    plans: replan(state, stretch),
    warmup: rises ? settleFrom(state.warmup, position.sinceMs, state.settings) : state.warmup,
    totals: { ...NO_TOTALS, runWarmRows: afresh ? 0 : state.totals.runWarmRows },
    metrics: state.metrics.map((metric, i) => enterMetric(metric, state.plans[i] as MetricPlan, afresh)),
  };
}

function nextStretch(stretch: Stretch, current: Position | null, next: Position): Stretch {
  if (next.kind === "shadow") return "shadow";
  return current?.kind === "shadow" ? "live-after-shadow" : stretch;
}

function enterMetric(metric: MetricState, plan: MetricPlan, afresh: boolean): MetricState {
  switch (metric.kind) {
    case "success-rate":
      return enterSuccessRate(metric, plan, afresh);
    case "latency":
      return enterLatency(metric, plan, afresh);
    case "own":
      return afresh ? beginOwnMetric() : metric;
  }
}
