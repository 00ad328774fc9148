import { type ArmTally, addCounts, isComparable, NO_COUNTS, type PairCounts } from "./counts.ts";
import type { BaselineSettings } from "./judge-settings.ts";
import { noiseModels } from "./noise-models.ts";
import {
  beginNoisePrior,
  type NoisePrior,
  noiseWeight,
  observeNoise,
  type PriorPlan,
} from "./noise-prior.ts";
import { NOTHING_RECENT, observeRecent, outlastsBurst, type Recent } from "./persistence.ts";
import { beginRateTest, observeRate, type RateTest, rateEvidence } from "./rate-test.ts";
import type { RowUse } from "./row-use.ts";
import { type SplitPlan, splitPlan } from "./split-plan.ts";
import {
  beginSplitTest,
  observeSplit,
  type SplitTest,
  splitEvidence,
  splitLogLikelihood,
} from "./split-test.ts";

/**
 * Canary against primary for one kind of bad request. Both the ratio (split test) and the absolute worsening (rate
 * test) must be refuted: an intersection-union test, each at the full level (Berger 1982).
 *
 * Two cohorts see the same rows but for the canary's first warm-up: `warm` leaves it out, `all` counts it. A regression
 * that persists so keeps its head start, while a cold start that heals is forgotten.
 */
export interface Comparison {
  readonly prior: NoisePrior;
  readonly warm: Cohort;
  /** Null once the first warm-up is too old to matter. */
  readonly all: Cohort | null;
  readonly evidence: CohortEvidence;
  /** What has been seen since the canary began to look worse: for the reason, not for the verdict. */
  readonly suspect: Suspect;
  readonly recent: Recent;
}

/** Counts since the likelihood ratio of "clearly worse" was last below 1 (Page's CUSUM, 1954). */
interface Suspect {
  readonly score: number;
  readonly counts: PairCounts;
}

interface Cohort {
  readonly split: SplitTest;
  readonly rate: RateTest;
}

/** What stays the same for a run. */
export interface ComparisonPlan {
  readonly baseline: BaselineSettings;
  readonly prior: PriorPlan;
  readonly split: SplitPlan;
}

export interface ComparisonContext {
  readonly use: RowUse;
  /** The primary's own rate of bad requests now. */
  readonly primaryRate: number;
  readonly hazard: number;
  /** Time since the canary first served. */
  readonly servedForMs: number;
}

/** ln of the evidence of each cohort. */
export interface CohortEvidence {
  readonly warm: number;
  readonly all: number;
  /** As `warm`, but without what the primary's calm says of the canary: too much of it keeps a run from passing. */
  readonly doubt: number;
}

export const NO_EVIDENCE: CohortEvidence = {
  warm: Number.NEGATIVE_INFINITY,
  all: Number.NEGATIVE_INFINITY,
  doubt: Number.NEGATIVE_INFINITY,
};

const NO_SUSPECT: Suspect = { score: 0, counts: NO_COUNTS };

const RATE_FACTORS = [1.5, 2, 3, 5, 10, 30, 100, 300] as const;
const ALL_COHORT_MS = 12 * 60_000;
/** Evidence that the warm cohort must have of its own before the cold rows may decide. */
const WARM_CONFIRMATION = Math.log(20);

/** Where the weights of the noise models start, and their floor. */
export type NoiseWeights = Pick<PriorPlan, "start" | "floor" | "busyFloor">;

export function comparisonPlan(
  baseline: BaselineSettings,
  intervalMs: number,
  weights: NoiseWeights,
): ComparisonPlan {
  const models = noiseModels(intervalMs);
  return {
    baseline,
    prior: { models, ...weights, intervalMs },
    split: splitPlan(baseline.maxRatio, models),
  };
}

export function beginComparison(plan: ComparisonPlan): Comparison {
  return { prior: beginNoisePrior(plan.prior), ...beginCohorts(plan) };
}

function beginCohorts(plan: ComparisonPlan): Omit<Comparison, "prior"> {
  const cohort: Cohort = { split: beginSplitTest(plan.split), rate: beginRateTest(RATE_FACTORS.length) };
  return { warm: cohort, all: cohort, evidence: NO_EVIDENCE, suspect: NO_SUSPECT, recent: NOTHING_RECENT };
}

/** Forgets the canary, not what was learnt of the primary. */
export function restartComparison(comparison: Comparison, plan: ComparisonPlan): Comparison {
  return { prior: comparison.prior, ...beginCohorts(plan) };
}

export function observeComparison(
  comparison: Comparison,
  counts: PairCounts,
  plan: ComparisonPlan,
  context: ComparisonContext,
): Comparison {
  const prior = observeNoise(comparison.prior, counts.primary, plan.prior);
  const { use } = context;
  if (!isComparable(counts) || use === "history" || use === "settling") return { ...comparison, prior };
  const all = context.servedForMs > ALL_COHORT_MS ? null : comparison.all;
  const cohorts = {
    warm: use === "warm" ? observeCohort(comparison.warm, counts, plan, context) : comparison.warm,
    all: all === null ? null : observeCohort(all, counts, plan, context),
  };
  return {
    prior,
    ...cohorts,
    evidence: evidenceOf(cohorts, prior, plan),
    suspect: observeSuspect(comparison.suspect, counts, plan),
    recent: observeRecent(comparison.recent, counts, plan.prior.intervalMs),
  };
}

function observeSuspect({ score, counts }: Suspect, row: PairCounts, plan: ComparisonPlan): Suspect {
  const worse = plan.split.clearlyWorse;
  const next = score + splitLogLikelihood(row, worse) - splitLogLikelihood(row, plan.split.boundary);
  return next <= 0 ? NO_SUSPECT : { score: next, counts: addCounts(counts, row) };
}

function observeCohort(
  cohort: Cohort,
  counts: PairCounts,
  plan: ComparisonPlan,
  context: ComparisonContext,
): Cohort {
  const bound = context.primaryRate + plan.baseline.minDelta;
  return {
    split: observeSplit(cohort.split, counts, plan.split, context.hazard),
    rate: observeRateFactors(cohort.rate, counts.canary, bound, context.hazard),
  };
}

function observeRateFactors(test: RateTest, canary: ArmTally, bound: number, hazard: number): RateTest {
  const alternatives = RATE_FACTORS.map((factor) => factor * bound);
  return observeRate(test, canary, bound, alternatives, hazard);
}

function evidenceOf(
  { warm, all }: Pick<Comparison, "warm" | "all">,
  prior: NoisePrior,
  plan: ComparisonPlan,
): CohortEvidence {
  const weights = plan.split.nulls.map(({ model }) =>
    model === null ? 0 : noiseWeight(prior, model, plan.prior),
  );
  const unlearnt = weights.map((weight) => Math.max(weight, plan.prior.start));
  const certain = cohortEvidence(warm, plan, weights);
  return {
    warm: certain,
    all: all === null ? certain : cohortEvidence(all, plan, weights),
    doubt: cohortEvidence(warm, plan, unlearnt),
  };
}

/** The healthy explanation that is hardest to refute decides; an implausible one has a head start to lose. */
function cohortEvidence(cohort: Cohort, plan: ComparisonPlan, weights: readonly number[]): number {
  const refuted = splitEvidence(cohort.split, plan.split).map((e, i) => e - (weights[i] as number));
  return Math.min(rateEvidence(cohort.rate), ...refuted);
}

/** What counts of the evidence: that of all rows only where the warm ones say the same. */
export function weightOf({ warm, all }: CohortEvidence): number {
  return warm >= WARM_CONFIRMATION ? Math.max(warm, all) : warm;
}

/** Whether evidence suffices to fail at a threshold (ln of 1/alpha). */
export function suffices(evidence: CohortEvidence, threshold: number): boolean {
  return weightOf(evidence) >= threshold;
}

/** Whether what speaks against the canary is more than one burst. */
export function isPersistent({ recent }: Comparison, plan: ComparisonPlan): boolean {
  return outlastsBurst(recent, plan.baseline, plan.prior.intervalMs);
}

/** Evidence at the end that is not enough to fail but too much to pass. */
export const SUSPICION: number = Math.log(10);

/** Whether there is too much evidence to pass: nearly enough to fail, or enough but for its being one burst so far. */
export function isSuspicious(evidence: CohortEvidence, threshold: number): boolean {
  return evidence.doubt >= SUSPICION || suffices(evidence, threshold);
}
