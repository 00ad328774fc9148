import type { Dialect } from "./dialect.ts";
import { quantileOf } from "./quantile.ts";
import { mean, sum, variance } from "./summation.ts";
import type { Window } from "./window.ts";

/** The window that a function over time looks at, beside its samples. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
  /** When the expression is evaluated; differs from endMs under `offset` and `@`. */
  readonly nowMs: number;
  readonly dialect: Dialect;
}

/** One value for a series' window of at least one sample; null: the series has no result. */
export type RangeFunction = (window: Window, span: Span, parameter: number) => number | null;

/** Functions of one range vector; `parameter` is the scalar that some of them take. */
export const RANGE_FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  rate: (window, span) => extrapolated(window, span, { counter: true, perSecond: true }),
  increase: (window, span) => extrapolated(window, span, { counter: true, perSecond: false }),
  delta: (window, span) => extrapolated(window, span, { counter: false, perSecond: false }),
  irate: ({ times, values }) => {
    const [before, last] = lastTwo(values);
    if (before === undefined || last === undefined) return null;
    const seconds = ((times.at(-1) ?? 0) - (times.at(-2) ?? 0)) / 1_000;
    return (last < before ? last : last - before) / seconds;
  },
  idelta: ({ values }) => {
    const [before, last] = lastTwo(values);
    return before === undefined || last === undefined ? null : last - before;
  },
  deriv: (window) => {
    if (window.count < 2) return null;
    return regression(window, window.times[0] as number).slope;
  },
  predict_linear: (window, span, seconds) => {
    if (window.count < 2) return null;
    const { slope, intercept } = regression(window, span.nowMs);
    return slope * seconds + intercept;
  },
  changes: ({ values }) => countPairs(values, (a, b) => a !== b && !(Number.isNaN(a) && Number.isNaN(b))),
  resets: ({ values }) => countPairs(values, (a, b) => b < a),
  avg_over_time: ({ values }) => mean(values),
  sum_over_time: ({ values }) => sum(values),
  min_over_time: ({ values }) => values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a)),
  max_over_time: ({ values }) => values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a)),
  count_over_time: ({ count }) => count,
  stdvar_over_time: ({ values }) => variance(values),
  stddev_over_time: ({ values }) => Math.sqrt(variance(values)),
  last_over_time: ({ last }) => last,
  first_over_time: ({ first }) => first,
  present_over_time: () => 1,
  quantile_over_time: ({ values }, _, q) => quantileOf(q, values),
  mad_over_time: ({ values }) => {
    const median = quantileOf(0.5, values);
    return quantileOf(
      0.5,
      values.map((value) => Math.abs(value - median)),
    );
  },
};

/** These report a sample as it is, so the result is still that metric. */
export const KEEPS_NAME: ReadonlySet<string> = new Set(["last_over_time", "first_over_time"]);

function lastTwo(values: readonly number[]): readonly [number | undefined, number | undefined] {
  return [values.at(-2), values.at(-1)];
}

function countPairs(values: readonly number[], holds: (a: number, b: number) => boolean): number {
  let count = 0;
  for (let i = 1; i < values.length; i++) {
    if (holds(values[i - 1] as number, values[i] as number)) count += 1;
  }
  return count;
}

/**
 * rate, increase and delta: what happened between the first and the last sample, scaled up to the window's ends as far
 * as the samples reach there. Source: extrapolatedRate in Prometheus' promql/functions.go, as described in
 * "Rate then sum" and the docs of `increase`: a gap of more than 1.1 average intervals at an end is only filled by half
 * an interval, and a counter is never extended below zero.
 */
function extrapolated(
  { times, values }: Window,
  span: Span,
  want: { readonly counter: boolean; readonly perSecond: boolean },
): number | null {
  const count = values.length;
  if (count < 2) return null;
  const first = values[0] as number;
  let result = (values[count - 1] as number) - first;
  if (want.counter) result += lostInResets(values);
  const sampledS = ((times[count - 1] as number) - (times[0] as number)) / 1_000;
  const gapS = sampledS / (count - 1);
  const thresholdS = gapS * 1.1;
  const zeroS =
    want.counter && result > 0 && first >= 0 ? sampledS * (first / result) : Number.POSITIVE_INFINITY;
  let startS = ((times[0] as number) - span.startMs) / 1_000;
  let endS = (span.endMs - (times[count - 1] as number)) / 1_000;
  if (span.dialect.zeroLimitFirst) startS = Math.min(startS, zeroS);
  if (startS >= thresholdS) startS = gapS / 2;
  startS = Math.min(startS, span.dialect.zeroLimitFirst ? startS : zeroS);
  if (endS >= thresholdS) endS = gapS / 2;
  const factor = (sampledS + startS + endS) / sampledS;
  const rangeS = (span.endMs - span.startMs) / 1_000;
  return result * (want.perSecond ? factor / rangeS : factor);
}

/** What the counter had reached before each reset, which last - first does not show. */
function lostInResets(values: readonly number[]): number {
  let lost = 0;
  for (let i = 1; i < values.length; i++) {
    const before = values[i - 1] as number;
    if ((values[i] as number) < before) lost += before;
  }
  return lost;
}

/** Least squares through the samples; `intercept` is the line's value at `originMs`, `slope` is per second. */
function regression({ times, values }: Window, originMs: number): { slope: number; intercept: number } {
  const first = values[0] as number;
  if (values.every((value) => value === first)) {
    return Number.isFinite(first)
      ? { slope: 0, intercept: first }
      : { slope: Number.NaN, intercept: Number.NaN };
  }
  const xs = times.map((time) => (time - originMs) / 1_000);
  const n = values.length;
  const sumX = sum(xs);
  const sumY = sum(values);
  const covariance = sum(xs.map((x, i) => x * (values[i] as number))) - (sumX * sumY) / n;
  const slope = covariance / (sum(xs.map((x) => x * x)) - (sumX * sumX) / n);
  return { slope, intercept: sumY / n - (slope * sumX) / n };
}
