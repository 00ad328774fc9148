import type { EvidenceRow } from "../api/evidence.ts";
import { type ArmTally, addTally, NOTHING } from "./counts.ts";
import { needsPrimary } from "./judge-settings.ts";
import type { Feed, JudgeState, MetricState, Totals } from "./judge-state.ts";
import { observeLatency } from "./latency.ts";
import type { MetricPlan, RowContext } from "./metric-judge.ts";
import { observeOwnMetric } from "./own-metric.ts";
import { observeWarmup, rowUse } from "./row-use.ts";
import { startHazard } from "./start-mixture.ts";
import { observeSuccessRate } from "./success-rate.ts";

/** Folds one row into everything that learns from it. */
export function observeState(state: JudgeState, row: EvidenceRow): JudgeState {
  if (state.lastRowEndMs !== null && row.endMs <= state.lastRowEndMs) return state;
  const inRun = state.position !== null;
  const warmup = inRun ? observeWarmup(state.warmup, row, state.settings) : state.warmup;
  const use = rowUse(warmup, row, inRun);
  const inPosition = state.position !== null && row.endMs > state.position.sinceMs;
  const context: RowContext = {
    row,
    use,
    inPosition,
    settings: state.settings,
    hazard: startHazard(state.settings.intervalMs),
    servedForMs: warmup.firstServedMs === null ? 0 : row.endMs - warmup.firstServedMs,
  };
  return {
    ...state,
    lastRowEndMs: row.endMs,
    warmup,
    totals: inPosition ? observeTotals(state.totals, context) : state.totals,
    feed: observeFeed(state.feed, row),
    metrics: state.metrics.map((metric, index) =>
      observeMetric(metric, state.plans[index] as MetricPlan, context),
    ),
  };
}

function observeMetric(state: MetricState, plan: MetricPlan, context: RowContext): MetricState {
  switch (state.kind) {
    case "success-rate":
      return observeSuccessRate(state, plan, context);
    case "latency":
      return observeLatency(state, plan, context);
    case "own":
      return observeOwnMetric(state, plan, context);
  }
}

function observeTotals(totals: Totals, { row, use, settings }: RowContext): Totals {
  const usable = served(row.canary) && (served(row.primary) || !needsPrimary(settings));
  const warm = use === "warm" && usable ? 1 : 0;
  return {
    canary: addTally(totals.canary, tallyOf(row.canary)),
    primary: addTally(totals.primary, tallyOf(row.primary)),
    observedMs: totals.observedMs + settings.intervalMs,
    warmRows: totals.warmRows + warm,
    runWarmRows: totals.runWarmRows + warm,
  };
}

function observeFeed(feed: Feed, row: EvidenceRow): Feed {
  const canary = served(row.canary);
  const primary = served(row.primary);
  const failed = row.error !== undefined && (row.canary === null || row.primary === null);
  return {
    bothMs: canary && primary ? row.endMs : feed.bothMs,
    canaryMs: canary ? row.endMs : feed.canaryMs,
    primaryMs: primary ? row.endMs : feed.primaryMs,
    errors: failed ? feed.errors + 1 : 0,
    error: failed ? (row.error ?? null) : null,
  };
}

function served(arm: EvidenceRow["canary"]): boolean {
  return arm !== null && arm.requests > 0;
}

function tallyOf(arm: EvidenceRow["canary"]): ArmTally {
  return arm === null ? NOTHING : { total: arm.requests, bad: Math.min(arm.errors, arm.requests) };
}
