import { SUSPICION } from "./comparison.ts";
import type { MetricSettings } from "./judge-settings.ts";
import {
  type Failure,
  LEAST_WARM_INTERVALS,
  type MetricPlan,
  type Opinion,
  type RowContext,
  type Thresholds,
  type View,
} from "./metric-judge.ts";
import { advanceMixture, beginMixture, logEvidence, type StartMixture } from "./start-mixture.ts";
import { plain, timeOfDay } from "./wording.ts";

/**
 * A metric with a query of its own: one number a tick, of unknown distribution. Limits fail when most samples of a
 * window are beyond them, so that one noisy sample decides nothing. The comparison with the primary is a sign test over
 * pairs: if the canary is not worse than the margin, then in at most half of the blocks most ticks lie beyond it.
 * Neighbouring ticks depend on each other, hence blocks of a quarter of the window.
 */
export interface OwnMetricState {
  readonly kind: "own";
  readonly samples: readonly Sample[];
  readonly signs: StartMixture;
  readonly block: Block;
  readonly last: Sample | null;
  readonly error: string | null;
  readonly failure: Failure | null;
}

interface Sample {
  readonly endMs: number;
  readonly canary: number;
  readonly primary: number | null;
}

interface Block {
  readonly beyond: number;
  readonly ticks: number;
}

const EMPTY_BLOCK: Block = { beyond: 0, ticks: 0 };
/** Chance of a block beyond the margin under the alternatives; 1/2 under the null. */
const BEYOND = [0.7, 0.85, 0.97] as const;
const WEIGHTS: readonly number[] = BEYOND.map(() => 1 / BEYOND.length);
const BLOCKS_PER_WINDOW = 4;
/** Part of a window's samples that must be beyond a limit. */
const MOST = 0.75;
const LEAST_SAMPLES = 3;
const MOST_SAMPLES = 2_000;

export function beginOwnMetric(): OwnMetricState {
  return {
    kind: "own",
    samples: [],
    signs: beginMixture(BEYOND.length),
    block: EMPTY_BLOCK,
    last: null,
    error: null,
    failure: null,
  };
}

export function observeOwnMetric(
  state: OwnMetricState,
  { metric, thresholds }: MetricPlan,
  context: RowContext,
): OwnMetricState {
  if (context.use === "history") return state;
  const { row } = context;
  const given = row.own[metric.name];
  const canary = given?.canary ?? null;
  if (canary === null || !Number.isFinite(canary)) {
    return { ...state, error: given?.error ?? row.error ?? "no data" };
  }
  const primary = given?.primary ?? null;
  const sample: Sample = {
    endMs: row.endMs,
    canary,
    primary: primary !== null && Number.isFinite(primary) ? primary : null,
  };
  const heard: OwnMetricState = { ...state, last: sample, error: null };
  if (context.use !== "warm") return heard;
  const samples = [...state.samples, sample]
    .filter((old) => old.endMs > row.endMs - metric.windowMs)
    .slice(-MOST_SAMPLES);
  const seen = observePair({ ...heard, samples }, sample, metric, context);
  if (seen.failure !== null) return seen;
  const reason = failureReason(seen, metric, context, thresholds);
  return reason === null ? seen : { ...seen, failure: { atMs: row.endMs, reason } };
}

/** Folds a pair into the current block; a full block is one toss of the sign test. */
function observePair(
  state: OwnMetricState,
  sample: Sample,
  metric: MetricSettings,
  context: RowContext,
): OwnMetricState {
  const excess = excessOf(sample, metric);
  if (excess === null) return state;
  const block: Block = { beyond: state.block.beyond + (excess > 0 ? 1 : 0), ticks: state.block.ticks + 1 };
  if (block.ticks < blockTicks(metric, context)) return { ...state, block };
  const beyond = block.beyond > block.ticks / 2;
  const ratios = BEYOND.map((p) => 2 * (beyond ? p : 1 - p));
  const hazard = 1 - (1 - context.hazard) ** block.ticks;
  return { ...state, block: EMPTY_BLOCK, signs: advanceMixture(state.signs, ratios, hazard) };
}

function blockTicks(metric: MetricSettings, context: RowContext): number {
  return Math.max(1, Math.round(metric.windowMs / BLOCKS_PER_WINDOW / context.settings.intervalMs));
}

/** How far the canary is beyond what the primary's value allows, in the metric's unit; null without a pair. */
function excessOf(sample: Sample, metric: MetricSettings): number | null {
  if (metric.baseline === null || sample.primary === null) return null;
  const { maxRatio, minDelta } = metric.baseline;
  const spread = Math.max(Math.abs(sample.primary) * (maxRatio - 1), minDelta);
  return lowerIsWorse(metric)
    ? sample.primary - Math.max(Math.abs(sample.primary) * (1 - 1 / maxRatio), minDelta) - sample.canary
    : sample.canary - sample.primary - spread;
}

/** A metric that has only a lower limit is one of which less is worse. */
function lowerIsWorse(metric: MetricSettings): boolean {
  return metric.min !== null && metric.max === null;
}

function isBeyond(value: number, metric: MetricSettings): boolean {
  return (metric.max !== null && value > metric.max) || (metric.min !== null && value < metric.min);
}

function failureReason(
  state: OwnMetricState,
  metric: MetricSettings,
  context: RowContext,
  thresholds: Thresholds,
): string | null {
  const expected = Math.max(1, Math.round(metric.windowMs / context.settings.intervalMs));
  const needed = Math.max(LEAST_SAMPLES, Math.ceil(MOST * expected));
  const beyond = state.samples.filter((sample) => isBeyond(sample.canary, metric)).length;
  if (beyond >= needed) {
    return `${beyond} of the last ${state.samples.length} samples are beyond ${limitText(metric)}, now ${plain(state.last?.canary ?? 0)}`;
  }
  const blocks = state.signs.intervals;
  if (blocks >= LEAST_WARM_INTERVALS && signEvidence(state) >= thresholds.comparison) {
    return `canary ${plain(state.last?.canary ?? 0)} vs primary ${plain(state.last?.primary ?? 0)}, beyond ${limitText(metric)} for most of ${blocks} blocks`;
  }
  return null;
}

function signEvidence(state: OwnMetricState): number {
  return logEvidence(state.signs, WEIGHTS);
}

/** Limits are counted, not tested: only the comparison has evidence. */
export function assessOwnMetric(state: OwnMetricState, plan: MetricPlan, nowMs: number): Opinion {
  const tests = [{ evidence: signEvidence(state), needed: plan.thresholds.comparison }];
  return { ...viewOf(state, plan, nowMs), tests };
}

function viewOf(state: OwnMetricState, { metric }: MetricPlan, nowMs: number): View {
  const { last } = state;
  const base = {
    canary: last === null ? null : plain(last.canary),
    primary: last === null || last.primary === null ? null : plain(last.primary),
    limit: limitText(metric),
  };
  const inconclusive = (reason: string): View => ({ ...base, result: "inconclusive", reason });
  if (state.failure !== null) return { ...base, result: "fail", reason: state.failure.reason };
  if (last === null) return inconclusive(state.error ?? "no data yet");
  if (nowMs - last.endMs > Math.max(metric.windowMs, 60_000)) {
    return inconclusive(`no data since ${timeOfDay(last.endMs)}: ${state.error ?? "no sample"}`);
  }
  if (metric.baseline !== null && last.primary === null) return inconclusive("no value of the primary");
  if (state.samples.length < LEAST_SAMPLES) {
    return inconclusive(`${state.samples.length} of ${LEAST_SAMPLES} samples`);
  }
  const beyond = state.samples.filter((sample) => isBeyond(sample.canary, metric)).length;
  if (beyond > state.samples.length / 2 || isBeyond(last.canary, metric)) {
    return inconclusive(`${plain(last.canary)} is beyond ${limitText(metric)}, not for long enough to fail`);
  }
  if (metric.baseline !== null && signEvidence(state) >= SUSPICION) {
    return inconclusive(`canary ${base.canary} vs primary ${base.primary} looks worse, not certain yet`);
  }
  const against = base.primary === null ? "" : `, primary ${base.primary}`;
  return { ...base, result: "pass", reason: `${base.canary}${against}` };
}

function limitText(metric: MetricSettings): string {
  const parts: string[] = [];
  if (metric.min !== null) parts.push(`min ${plain(metric.min)}`);
  if (metric.max !== null) parts.push(`max ${plain(metric.max)}`);
  if (metric.baseline !== null) parts.push(`${metric.baseline.maxRatio} x primary`);
  return parts.join(", ");
}
