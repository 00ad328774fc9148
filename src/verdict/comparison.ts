import { isComparable, type PairCounts } from "./counts.ts";
import type { BaselineSettings } from "./judge-settings.ts";
import { beginRateTest, observeRate, type RateTest, rateEvidence } from "./rate-test.ts";
import type { RowUse } from "./row-use.ts";
import { beginSplitTest, observeSplit, type SplitTest, splitEvidence } from "./split-test.ts";

/**
 * Canary against primary for one kind of bad request. Both the ratio (split test) and the absolute worsening (rate
 * test) must be refuted: an intersection-union test, each at the full level (Berger 1982).
 *
 * Two cohorts see the same rows but for the canary's first warm-up: `warm` leaves it out, `all` counts it. A regression
 * that persists so keeps its head start, while a cold start that heals is forgotten.
 */
export interface Comparison {
  readonly warm: Cohort;
  /** Null once the first warm-up is too old to matter. */
  readonly all: Cohort | null;
}

interface Cohort {
  readonly split: SplitTest;
  readonly rate: RateTest;
}

/** ln of the evidence of each cohort. */
export interface CohortEvidence {
  readonly warm: number;
  readonly all: number;
}

export interface ComparisonContext {
  readonly use: RowUse;
  readonly baseline: BaselineSettings;
  /** The primary's own rate of bad requests now. */
  readonly primaryRate: number;
  readonly hazard: number;
  /** Time since the canary first served. */
  readonly servedForMs: number;
}

const RATE_FACTORS = [1.5, 2, 3, 5, 10, 30, 100, 300] as const;
const ALL_COHORT_MS = 12 * 60_000;
/** Evidence that the warm cohort must have of its own before the cold rows may decide. */
const WARM_CONFIRMATION = Math.log(20);

export function beginComparison(): Comparison {
  const cohort: Cohort = { split: beginSplitTest(), rate: beginRateTest(RATE_FACTORS.length) };
  return { warm: cohort, all: cohort };
}

export function observeComparison(
  comparison: Comparison,
  counts: PairCounts,
  context: ComparisonContext,
): Comparison {
  if (!isComparable(counts) || context.use === "history" || context.use === "settling") return comparison;
  const all = context.servedForMs > ALL_COHORT_MS ? null : comparison.all;
  return {
    warm: context.use === "warm" ? observeCohort(comparison.warm, counts, context) : comparison.warm,
    all: all === null ? null : observeCohort(all, counts, context),
  };
}

function observeCohort(cohort: Cohort, counts: PairCounts, context: ComparisonContext): Cohort {
  const { baseline, hazard } = context;
  const bound = context.primaryRate + baseline.minDelta;
  const alternatives = RATE_FACTORS.map((factor) => factor * bound);
  return {
    split: observeSplit(cohort.split, counts, baseline.maxRatio, hazard),
    rate: observeRate(cohort.rate, counts.canary, bound, alternatives, hazard),
  };
}

export function comparisonEvidence(comparison: Comparison): CohortEvidence {
  const warm = cohortEvidence(comparison.warm);
  return { warm, all: comparison.all === null ? warm : cohortEvidence(comparison.all) };
}

function cohortEvidence(cohort: Cohort): number {
  return Math.min(splitEvidence(cohort.split), rateEvidence(cohort.rate));
}

/** Whether evidence suffices to fail at a threshold (ln of 1/alpha). */
export function refutes(evidence: CohortEvidence, threshold: number): boolean {
  return evidence.warm >= threshold || (evidence.all >= threshold && evidence.warm >= WARM_CONFIRMATION);
}
