import { isComparable, type PairCounts } from "./counts.ts";
import { advanceDrift } from "./drift-filter.ts";
import { logBetaBinomial } from "./math/count-densities.ts";
import type { Split } from "./math/log-odds-noise.ts";
import { advanceRuns } from "./run-lengths.ts";
import type { PlannedFilter, Ratio, SplitPlan } from "./split-plan.ts";
import { advanceMixture, beginMixture, ratioFrom, type StartMixture } from "./start-mixture.ts";

/**
 * Is the canary's rate of bad requests more than `maxRatio` times the primary's? Conditional on the bad requests of an
 * interval only their split between the arms counts, so whatever hits both alike cancels: a dependency's outage, the
 * time of day, a retry storm, a change of weight. Each noise model is a null hypothesis of its own.
 */
export interface SplitTest {
  /** By null and alternative; see SplitPlan. */
  readonly mixture: StartMixture;
  /** Slices of the noise filters. */
  readonly filters: Float64Array;
  /** The last intervals, newest first: what runs are made of. */
  readonly recent: readonly PairCounts[];
}

export function beginSplitTest(plan: SplitPlan): SplitTest {
  return { mixture: beginMixture(plan.terms), filters: new Float64Array(plan.filterNumbers), recent: [] };
}

export function observeSplit(
  test: SplitTest,
  counts: PairCounts,
  plan: SplitPlan,
  hazard: number,
): SplitTest {
  if (!isComparable(counts)) return test;
  const { predicted, filters, recent } = predictSplit(test, counts, plan);
  const ratios = likelihoodRatios(plan, counts, predicted);
  return { mixture: advanceMixture(test.mixture, ratios, hazard), filters, recent };
}

/** Moves every filter on by an interval; `predicted` is the ln likelihood that each gave it beforehand. */
export function predictSplit(
  test: SplitTest,
  counts: PairCounts,
  plan: SplitPlan,
): Pick<SplitTest, "filters" | "recent"> & { readonly predicted: readonly number[] } {
  const recent = [counts, ...test.recent.slice(0, plan.longestRun - 1)];
  const filters = new Float64Array(test.filters.length);
  const splits = splitsOf(recent);
  const predicted = plan.filters.map((filter) => advance(filter, test.filters, filters, splits));
  return { predicted, filters, recent };
}

function advance(
  filter: PlannedFilter,
  before: Float64Array,
  after: Float64Array,
  splits: readonly Split[],
): number {
  return filter.kind === "runs"
    ? advanceRuns(filter, before, after, splits)
    : advanceDrift(filter, before, after, splits[0] as Split);
}

/** Likelihood of the interval under each alternative over that under each null; `predicted` (ln) by filter. */
function likelihoodRatios(plan: SplitPlan, counts: PairCounts, predicted: readonly number[]): Float64Array {
  const shared = sharedLikelihoods(plan, counts);
  // Relative to the best, so that one exponential an alternative will do for all nulls. What underflows is hopeless.
  const best = Math.max(...shared);
  const relative = shared.map((likelihood) => Math.exp(likelihood - best));
  const plain = splitLogLikelihood(counts, plan.boundary);
  const out = new Float64Array(plan.terms);
  for (const hypothesis of plan.nulls) {
    const healthy = hypothesis.filter === null ? plain : (predicted[hypothesis.filter] as number);
    const lead = ratioFrom(best - healthy);
    let at = hypothesis.offset;
    for (const likelihood of relative) out[at++] = likelihood * lead;
    for (const filter of hypothesis.alternatives) {
      out[at++] = ratioFrom((predicted[filter] as number) - healthy);
    }
  }
  return out;
}

/** ln likelihoods of the alternatives that all nulls share. */
function sharedLikelihoods(plan: SplitPlan, counts: PairCounts): readonly number[] {
  return [
    ...plan.grid.map((ratio) => splitLogLikelihood(counts, ratio)),
    ...plan.noisy.map(({ ratio, variance }) =>
      logBetaBinomial(counts.canary.bad, counts.primary.bad, canaryShare(counts, ratio), variance),
    ),
  ];
}

/** ln of the evidence against each null. */
export function splitEvidence(test: SplitTest, plan: SplitPlan): readonly number[] {
  const { remaining, started } = test.mixture;
  return plan.nulls.map(({ offset, weights }) => {
    let sum = remaining;
    for (let j = 0; j < weights.length; j++) sum += (weights[j] as number) * (started[offset + j] as number);
    return Math.log(sum);
  });
}

/** Chance that a bad request is the canary's, when its rate is `ratio` times the primary's. */
function canaryShare(counts: PairCounts, ratio: number): number {
  const canary = ratio * counts.canary.total;
  return canary / (canary + counts.primary.total);
}

/** ln likelihood of who got the bad requests (in order), when the canary's rate is `ratio` times the primary's. */
export function splitLogLikelihood({ canary, primary }: PairCounts, { ratio, log }: Ratio): number {
  const both = canary.bad + primary.bad;
  if (both === 0) return 0;
  const odds = canary.total / primary.total;
  return canary.bad * (log + Math.log(odds)) - both * Math.log1p(ratio * odds);
}

/** What the last 1, 2, ... intervals hold in sum. */
function splitsOf(recent: readonly PairCounts[]): readonly Split[] {
  let first = 0;
  let both = 0;
  let firstByLogit = 0;
  let bothByLogit = 0;
  return recent.map(({ canary, primary }) => {
    const logit = Math.log(canary.total / primary.total);
    first += canary.bad;
    both += canary.bad + primary.bad;
    firstByLogit += canary.bad * logit;
    bothByLogit += (canary.bad + primary.bad) * logit;
    const mean = both === 0 ? logit : bothByLogit / both;
    return { first, both, logit: mean, spread: firstByLogit - first * mean };
  });
}
