import type { PairCounts } from "./counts.ts";
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
const LEAST_INTERVALS = 2;

export function beginSevereTest(): SevereTest {
  return { rate: beginRateTest(ALTERNATIVES.length) };
}

export function observeSevere(
  test: SevereTest,
  counts: PairCounts,
  primaryRate: number,
  hazard: number,
): SevereTest {
  if (counts.canary.total === 0) return test;
  return { rate: observeRate(test.rate, counts.canary, severeBound(primaryRate), ALTERNATIVES, hazard) };
}

export function severeBound(primaryRate: number): number {
  return Math.max(LEAST_BOUND, TIMES_PRIMARY * primaryRate) + primaryRate;
}

export function severeEvidence(test: SevereTest): number {
  return test.rate.mixture.intervals < LEAST_INTERVALS ? Number.NEGATIVE_INFINITY : rateEvidence(test.rate);
}
