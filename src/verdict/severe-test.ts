import type { PairCounts } from "./counts.ts";
import type { BaselineSettings } from "./judge-settings.ts";
import { beginRateTest, observeRate, type RateTest, rateEvidence } from "./rate-test.ts";

/**
 * Always on, also while the canary is cold: is it failing so badly that no healthy release would? Judged on the canary
 * alone against a bound far above the primary, so that bursts of a healthy service need no model here.
 */
export interface SevereTest {
  readonly rate: RateTest;
}

const ALTERNATIVES = [0.12, 0.3, 0.8] as const;
const LEAST_BOUND = 0.04;
const TIMES_PRIMARY = 3;
/** At least so many times what the user allows: a worsening inside `maxRatio` or `minDelta` is never a failure. */
const TIMES_ALLOWED = 2;
const LEAST_INTERVALS = 2;

export function beginSevereTest(): SevereTest {
  return { rate: beginRateTest(ALTERNATIVES.length) };
}

export function observeSevere(
  test: SevereTest,
  counts: PairCounts,
  bound: number,
  hazard: number,
): SevereTest {
  if (counts.canary.total === 0) return test;
  return { rate: observeRate(test.rate, counts.canary, bound, ALTERNATIVES, hazard) };
}

/** The rate of failures that no healthy canary has, told from the primary's. */
export function severeBound(primaryRate: number, baseline: BaselineSettings | null): number {
  const usual = Math.max(LEAST_BOUND, TIMES_PRIMARY * primaryRate) + primaryRate;
  if (baseline === null) return usual;
  const allowed = Math.max(baseline.maxRatio * primaryRate, primaryRate + baseline.minDelta);
  return Math.max(usual, TIMES_ALLOWED * allowed);
}

/**
 * By how much (as a power) a healthy release is less likely to reach evidence than the test's own null, a release that fails
 * just at the bound. It fails at most half of that, and at such a rate each likelihood ratio to this power is still a
 * supermartingale, and so is their mixture (Jensen): the chance of ever reaching 1/a is at most a^1.25, not a. The
 * power solves E[ratio^power] = 1 (Lundberg's exponent) at the worst, a bound of 4 % and an alternative of 80 %.
 */
export const SEVERE_POWER = 1.25;

export function severeEvidence(test: SevereTest): number {
  return test.rate.mixture.intervals < LEAST_INTERVALS ? Number.NEGATIVE_INFINITY : rateEvidence(test.rate);
}
