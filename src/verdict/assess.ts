import { assertNever } from "../lib/assert.ts";
import { roughDuration } from "../lib/duration.ts";
import { confidenceOf, confidenceText } from "./confidence.ts";
import { needsPrimary } from "./judge-settings.ts";
import type { JudgeState, MetricState } from "./judge-state.ts";
import { assessLatency } from "./latency.ts";
import { LEAST_WARM_INTERVALS, type MetricPlan, type Opinion } from "./metric-judge.ts";
import { assessOwnMetric } from "./own-metric.ts";
import { assessSuccessRate } from "./success-rate.ts";
import type { MetricVerdict, Verdict } from "./verdict.ts";
import { count, timeOfDay } from "./wording.ts";

/** Evidence older than this says nothing about now. */
const FRESH_MS = 5 * 60_000;

/** What keeps a verdict from being `pass`. */
interface Obstacle {
  readonly metric: string | null;
  readonly reason: string;
  readonly missingForMs: number | null;
  readonly act?: "pause";
}

/** The verdict on the current position: failures first, then whatever is missing, else pass. */
export function assessState(state: JudgeState, nowMs: number): Verdict {
  const metrics = state.metrics.map((metric, index) =>
    toVerdict(metric, state.plans[index] as MetricPlan, nowMs),
  );
  const common = {
    metrics,
    canary: { requests: state.totals.canary.total, errors: state.totals.canary.bad },
    primary: { requests: state.totals.primary.total, errors: state.totals.primary.bad },
  };
  const failed = failureOf(metrics);
  if (failed !== null) {
    const act = failed.onFail === "pause" ? "pause" : "rollback";
    return { ...common, result: "fail", act, metric: failed.name, reason: failed.reason, missingForMs: null };
  }
  const obstacle = feedObstacle(state, nowMs) ?? amountObstacle(state) ?? metricObstacle(metrics);
  if (obstacle !== null) {
    const { metric, reason, missingForMs, act = null } = obstacle;
    return { ...common, result: "inconclusive", act, metric, reason, missingForMs };
  }
  return {
    ...common,
    result: "pass",
    act: null,
    metric: null,
    reason: passReason(metrics),
    missingForMs: null,
  };
}

function toVerdict(state: MetricState, plan: MetricPlan, nowMs: number): MetricVerdict {
  const { name, onFail } = plan.metric;
  const { tests, ...view } = opinionOf(state, plan, nowMs);
  const confidence = confidenceOf(tests);
  return { name, onFail, ...view, confidence: confidence === null ? null : confidenceText(confidence) };
}

function opinionOf(state: MetricState, plan: MetricPlan, nowMs: number): Opinion {
  switch (state.kind) {
    case "success-rate":
      return assessSuccessRate(state, plan);
    case "latency":
      return assessLatency(state, plan);
    case "own":
      return assessOwnMetric(state, plan, nowMs);
    default:
      return assertNever(state);
  }
}

/** A failure that rolls back goes before one that pauses. */
function failureOf(metrics: readonly MetricVerdict[]): MetricVerdict | null {
  const failed = metrics.filter((metric) => metric.result === "fail");
  return (
    failed.find((metric) => metric.onFail === "rollback") ??
    failed.find((metric) => metric.onFail === "pause") ??
    null
  );
}

/** The source is silent, failing, or too old. */
function feedObstacle(state: JudgeState, nowMs: number): Obstacle | null {
  const { feed, settings, lastRowEndMs } = state;
  if (state.position === null || lastRowEndMs === null) return obstacle("no evidence yet");
  const overdue = Math.floor((nowMs - lastRowEndMs) / settings.intervalMs);
  const failures = Math.max(feed.errors, overdue > settings.consecutiveErrors ? overdue : 0);
  if (failures >= settings.consecutiveErrors) {
    const why = feed.error === null ? "" : `: ${feed.error}`;
    return {
      ...obstacle(`the source of metrics gave nothing for ${failures} intervals${why}`),
      act: "pause",
    };
  }
  const { sinceMs } = state.position;
  const why = feed.error === null ? "" : `: ${feed.error}`;
  for (const { name, seenMs } of arms(state)) {
    if (seenMs === null) return obstacle(`no ${name} requests yet${why}`);
    if (nowMs - seenMs > FRESH_MS) return obstacle(`no ${name} data since ${timeOfDay(seenMs)}${why}`);
    if (seenMs <= sinceMs) return obstacle(`no ${name} requests in this step yet${why}`);
  }
  if (needsPrimary(settings) && nowMs - (feed.bothMs ?? 0) > FRESH_MS) {
    return obstacle("canary and primary have not served in the same interval for 5m");
  }
  return null;
}

interface ArmSeen {
  readonly name: "canary" | "primary";
  readonly seenMs: number | null;
}

/** The arms whose data a verdict needs. */
function arms({ feed, settings }: JudgeState): readonly ArmSeen[] {
  const canary: ArmSeen = { name: "canary", seenMs: feed.canaryMs };
  return needsPrimary(settings) ? [canary, { name: "primary", seenMs: feed.primaryMs }] : [canary];
}

/** Too few requests, or none outside the warm-up; the estimate covers both. */
function amountObstacle(state: JudgeState): Obstacle | null {
  const { totals, settings } = state;
  const requests = totals.canary.total;
  const warmMs = warmupLeftMs(state);
  if (requests < settings.minRequests) {
    const ratePerMs = totals.observedMs > 0 ? requests / totals.observedMs : 0;
    const servedMs = ratePerMs > 0 ? Math.ceil((settings.minRequests - requests) / ratePerMs) : null;
    const missingForMs = servedMs === null ? null : Math.max(servedMs, warmMs);
    const eta = missingForMs === null ? "" : `, about ${roughDuration(missingForMs)} to go at this rate`;
    const reason = `${count(Math.floor(requests))} of ${count(settings.minRequests)} requests${eta}`;
    return { metric: null, reason, missingForMs };
  }
  if (warmMs === 0) return null;
  const reason = `warming up: ${totals.warmRows} intervals judged in this step, about ${roughDuration(warmMs)} to go`;
  return { metric: null, reason, missingForMs: warmMs };
}

/** Until enough intervals outside the warm-up will have been seen: some in the run, and one in this step. */
function warmupLeftMs({ totals, settings, warmup, lastRowEndMs }: JudgeState): number {
  const inRun = LEAST_WARM_INTERVALS - totals.runWarmRows;
  const needed = Math.max(inRun, totals.warmRows > 0 ? 0 : 1);
  if (needed <= 0) return 0;
  const untilMs = Math.max(warmup.coldUntilMs, warmup.settlingUntilMs);
  return Math.max(0, untilMs - (lastRowEndMs ?? 0)) + needed * settings.intervalMs;
}

function metricObstacle(metrics: readonly MetricVerdict[]): Obstacle | null {
  const undecided = metrics.find((metric) => metric.result === "inconclusive" && metric.onFail !== "warn");
  if (undecided === undefined) return null;
  return { metric: undecided.name, reason: undecided.reason, missingForMs: null };
}

function obstacle(reason: string): Obstacle {
  return { metric: null, reason, missingForMs: null };
}

function passReason(metrics: readonly MetricVerdict[]): string {
  return metrics
    .filter((metric) => metric.onFail !== "warn")
    .map((metric) => `${metric.name}: ${metric.reason}`)
    .join("; ");
}
