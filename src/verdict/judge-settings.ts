import { durationMs } from "../api/fields.ts";
import type { AnalysisSpec, MetricSpec } from "../api/spec.ts";
import { parseDuration } from "../lib/duration.ts";

/** The analysis section of a Rollout with every default resolved, durations in milliseconds, rates as fractions. */

export type MetricKind = "success-rate" | "latency" | "own";

/** What the controller does when the metric fails: `warn` only reports it. */
export type OnFail = "rollback" | "pause" | "warn";

export interface BaselineSettings {
  /** Canary over primary that is still acceptable; at least 1. */
  readonly maxRatio: number;
  /** Absolute worsening that is still acceptable: a fraction for success-rate and latency, else the metric's unit. */
  readonly minDelta: number;
}

export interface MetricSettings {
  readonly name: string;
  readonly kind: MetricKind;
  readonly onFail: OnFail;
  /** Null: not compared with the primary. */
  readonly baseline: BaselineSettings | null;
  /** A fraction for success-rate, the metric's unit for own queries. */
  readonly min: number | null;
  /** Milliseconds for latency, the metric's unit for own queries. */
  readonly max: number | null;
  /** Which percentile `max` limits, as a fraction; latency only. */
  readonly percentile: number;
  /** Limits are judged on the evidence of this much time. */
  readonly windowMs: number;
}

export interface JudgeSettings {
  readonly intervalMs: number;
  readonly warmupMs: number;
  readonly minRequests: number;
  /** Chance of failing a healthy release, all metrics and steps of a run together. */
  readonly alpha: number;
  /** Rows in a row that the source may fail to give before the run is paused. */
  readonly consecutiveErrors: number;
  readonly metrics: readonly MetricSettings[];
}

/** Whether anything is compared with the primary, so that a verdict needs its data. */
export function needsPrimary(settings: JudgeSettings): boolean {
  return settings.metrics.some((metric) => metric.baseline !== null);
}

interface KindDefaults {
  readonly maxRatio: number;
  readonly minDelta: number;
  /** What one unit of the user's `min` and `minDelta` is as a fraction. */
  readonly unit: number;
  readonly windowMs: number;
}

const DEFAULTS: Readonly<Record<MetricKind, KindDefaults>> = {
  "success-rate": { maxRatio: 1.5, minDelta: 0.1, unit: 0.01, windowMs: 300_000 },
  latency: { maxRatio: 2, minDelta: 0.1, unit: 0.01, windowMs: 300_000 },
  own: { maxRatio: 2, minDelta: 0, unit: 1, windowMs: 120_000 },
};

/** Resolves what a validated analysis section leaves open. */
export function judgeSettings(analysis: AnalysisSpec): JudgeSettings {
  return {
    intervalMs: durationMs(analysis.interval),
    warmupMs: durationMs(analysis.warmup),
    minRequests: analysis.minRequests,
    alpha: analysis.alpha,
    consecutiveErrors: analysis.consecutiveErrors,
    metrics: analysis.metrics.map(metricSettings),
  };
}

function metricSettings(metric: MetricSpec): MetricSettings {
  const kind: MetricKind = metric.name === "success-rate" || metric.name === "latency" ? metric.name : "own";
  const defaults = DEFAULTS[kind];
  const { baseline } = metric;
  return {
    name: metric.name,
    kind,
    onFail: metric.onFail,
    baseline:
      baseline === undefined
        ? null
        : {
            maxRatio: baseline.maxRatio ?? defaults.maxRatio,
            minDelta: (baseline.minDelta ?? defaults.minDelta) * defaults.unit,
          },
    min: metric.min === undefined ? null : metric.min * defaults.unit,
    max: limitOf(metric.max),
    percentile: (metric.percentile ?? 99) / 100,
    windowMs: metric.window === undefined ? defaults.windowMs : durationMs(metric.window),
  };
}

function limitOf(max: MetricSpec["max"]): number | null {
  if (max === undefined) return null;
  return typeof max === "number" ? max : parseDuration(max);
}
