import type { JudgeSettings, MetricSettings } from "./judge-settings.ts";
import type { Thresholds } from "./metric-judge.ts";
import { SEVERE_POWER } from "./severe-test.ts";

/**
 * How the chance of failing a healthy release is shared out among the tests of a run (union bound). With the default
 * metrics: half for the comparison of errors, three tenths for latency, a fifth for the severe test.
 */
const PARTS = {
  "success-rate": { comparison: 5, severe: 2, limit: 2 },
  latency: { comparison: 3, severe: 0, limit: 2 },
  own: { comparison: 2, severe: 0, limit: 0 },
} as const;

interface Parts {
  readonly comparison: number;
  readonly severe: number;
  readonly limit: number;
}

/** Part of alpha for the shadow phase, where there is one; the live steps get the rest. */
const SHADOW_PART = 0.25;

export type Stretch = "live" | "shadow" | "live-after-shadow";

const STRETCH_PARTS: Readonly<Record<Stretch, number>> = {
  live: 1,
  shadow: SHADOW_PART,
  "live-after-shadow": 1 - SHADOW_PART,
};

/** Thresholds of each metric, in the order of the settings. */
export function thresholdsOf(settings: JudgeSettings, stretch: Stretch): readonly Thresholds[] {
  const parts = settings.metrics.map(partsOf);
  const sum = parts.reduce((total, part) => total + part.comparison + part.severe + part.limit, 0);
  const alpha = settings.alpha * STRETCH_PARTS[stretch];
  const threshold = (part: number): number =>
    part === 0 ? Number.POSITIVE_INFINITY : Math.log(sum / (alpha * part));
  return parts.map((part) => ({
    comparison: threshold(part.comparison),
    severe: threshold(part.severe) / SEVERE_POWER,
    limit: threshold(part.limit),
  }));
}

function partsOf(metric: MetricSettings): Parts {
  const parts = PARTS[metric.kind];
  const limited = metric.min !== null || metric.max !== null;
  return {
    comparison: metric.baseline === null ? 0 : parts.comparison,
    severe: parts.severe,
    limit: limited ? parts.limit : 0,
  };
}
