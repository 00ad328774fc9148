import type { Split } from "./math/log-odds-noise.ts";
import { sigmoid, softplus } from "./math/logistic.ts";

/**
 * Predicts splits whose log-odds wander: Gaussian noise with a memory (AR(1)), filtered by Laplace's method, that is an
 * extended Kalman filter (West, Harrison & Migon 1985, dynamic generalized linear models). Runs of constant noise are the
 * wrong shape for a service that drifts, and would call the drift a regression.
 *
 * A filter's state is a slice of a Float64Array: mean and variance of the noise, the latter 0 before the first interval.
 */
export const DRIFT_STRIDE = 2;

export interface DriftFilter {
  /** Variance of the noise in the long run. */
  readonly variance: number;
  /** Correlation from one interval to the next. */
  readonly memory: number;
  /** ln of the ratio of rates that it predicts for. */
  readonly logRatio: number;
  /** Where its slice begins. */
  readonly offset: number;
}

const MOST_STEPS = 40;

/** One interval on, from `before` into the slice of `after`. Returns ln of the predictive likelihood of the interval. */
export function advanceDrift(
  { variance, memory, logRatio, offset }: DriftFilter,
  before: Float64Array,
  after: Float64Array,
  split: Split,
): number {
  const known = before[offset + 1] as number;
  const mean = memory * (before[offset] as number);
  const spread = known === 0 ? variance : memory * memory * known + (1 - memory * memory) * variance;
  const { first, both } = split;
  if (both === 0) {
    after[offset] = mean;
    after[offset + 1] = spread;
    return 0;
  }
  const logit = split.logit + logRatio;
  const q = sigmoid(logit);
  // Keeps the mean of the split roughly where it is without noise, as far as counts are small.
  const centre = logit - (0.5 * variance * (1 - 2 * q)) / (1 + both / 3);
  const mode = findMode(first, both, centre, mean, spread);
  const s = sigmoid(centre + mode);
  const curve = both * s * (1 - s) + 1 / spread;
  after[offset] = mode;
  after[offset + 1] = 1 / curve;
  const x = centre + mode;
  return first * x - both * softplus(x) - (mode - mean) ** 2 / (2 * spread) - 0.5 * Math.log(spread * curve);
}

/** Newton's method, kept in the bracket that the sign of the slope gives: the integrand is log-concave. */
function findMode(first: number, both: number, centre: number, mean: number, spread: number): number {
  let r = mean;
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (let i = 0; i < MOST_STEPS; i++) {
    const s = sigmoid(centre + r);
    const slope = first - both * s - (r - mean) / spread;
    const curve = both * s * (1 - s) + 1 / spread;
    const step = Math.max(-2, Math.min(2, slope / curve));
    if (Math.abs(slope * step) < 1e-4) return r + step;
    if (slope > 0) low = r;
    else high = r;
    const next = r + step;
    r = next > low && next < high ? next : (low + high) / 2;
  }
  return r;
}
