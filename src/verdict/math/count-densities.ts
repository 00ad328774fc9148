import { logBeta, logGamma } from "./log-gamma.ts";

/**
 * ln probability of x events under a negative binomial of this mean and shape (variance mean + mean^2 / shape), but for
 * the term -ln x!, which cancels wherever two shapes are compared at the same x. x may be fractional.
 */
export function logNegativeBinomial(x: number, mean: number, shape: number): number {
  return (
    logGamma(x + shape) -
    logGamma(shape) +
    shape * Math.log(shape / (shape + mean)) +
    (x === 0 ? 0 : x * Math.log(mean / (shape + mean)))
  );
}

/**
 * ln probability of an ordered split (a of one kind, b of the other) under a beta-binomial with mean q whose log-odds
 * have roughly the given variance (delta method: var s = (q (1 - q))^2 var logit s).
 */
export function logBetaBinomial(a: number, b: number, q: number, logOddsVariance: number): number {
  if (a + b === 0) return 0;
  const size = Math.max(0.5, 1 / (q * (1 - q) * logOddsVariance) - 1);
  return logBeta(size * q + a, size * (1 - q) + b) - logBeta(size * q, size * (1 - q));
}
