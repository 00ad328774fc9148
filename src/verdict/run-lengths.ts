import { type LogOddsNoise, noisyLikelihood, type Split } from "./math/log-odds-noise.ts";

/**
 * Predicts splits under noise that stays for a run of intervals and is then drawn anew: a Bayesian recursion over the
 * age of the current run (Adams & MacKay 2007), run lengths uniform from 1 to a longest.
 *
 * A filter's state is a slice of a Float64Array, `STRIDE` numbers for each age from 1 on: posterior probability of the
 * age, ln of its prior weight, and the mode of its noise. What a run of age a has seen are the last a intervals.
 */
export const STRIDE = 3;
const PROBABILITY = 0;
const LOG_WEIGHT = 1;
const MODE = 2;

/** Ages this far (in nats) below the most likely one are dropped. */
const PRUNED = 5;

export interface RunFilter {
  readonly noise: LogOddsNoise;
  readonly longest: number;
  /** ln of the ratio of rates that it predicts for. */
  readonly logRatio: number;
  /** Where its slice begins. */
  readonly offset: number;
}

/** ln(1 - h) and h of the chance that a run ends after an age: 1 / (longest - age + 1). */
function endsAfter(longest: number, age: number): number {
  return 1 / (longest - age + 1);
}

/**
 * One interval on, from `before` into the zeroed slice of `after`. `splits[a]` is what the last a + 1 intervals hold in
 * sum; ages beyond its length cannot be. Returns ln of the predictive
 * likelihood of the interval.
 */
export function advanceRuns(
  filter: RunFilter,
  before: Float64Array,
  after: Float64Array,
  splits: readonly Split[],
): number {
  const { noise, longest, logRatio, offset } = filter;
  const fresh = seedRuns(filter, before, after);
  after[offset + LOG_WEIGHT] = fresh;
  let best = Number.NEGATIVE_INFINITY;
  const ages = Math.min(longest, splits.length);
  for (let age = 1; age <= ages; age++) {
    const at = offset + (age - 1) * STRIDE;
    const weight = after[at + LOG_WEIGHT] as number;
    if (weight === Number.NEGATIVE_INFINITY) continue;
    const start = age === 1 ? null : (after[at + MODE] as number);
    const { logLikelihood, mode } = noisyLikelihood(noise, splits[age - 1] as Split, logRatio, start);
    after[at + MODE] = mode;
    after[at + PROBABILITY] = weight + logLikelihood;
    if (weight + logLikelihood > best) best = weight + logLikelihood;
  }
  return normalise(filter, after, ages, best);
}

/** Moves each run one age on; returns ln of the chance that a new run begins with this interval. */
function seedRuns({ longest, offset }: RunFilter, before: Float64Array, after: Float64Array): number {
  let ended = 0;
  let alive = false;
  for (let age = 1; age < longest; age++)
    after[offset + age * STRIDE + LOG_WEIGHT] = Number.NEGATIVE_INFINITY;
  for (let age = 1; age <= longest; age++) {
    const at = offset + (age - 1) * STRIDE;
    const probability = before[at + PROBABILITY] as number;
    if (probability === 0) continue;
    alive = true;
    const ends = endsAfter(longest, age);
    ended += probability * ends;
    if (age === longest) continue;
    after[at + STRIDE + LOG_WEIGHT] = (before[at + LOG_WEIGHT] as number) + Math.log1p(-ends);
    after[at + STRIDE + MODE] = before[at + MODE] as number;
  }
  return alive ? Math.log(ended) : 0;
}

/** Turns ln weights into probabilities, drops unlikely ages; returns ln of the sum of all, which becomes the new zero. */
function normalise({ offset }: RunFilter, after: Float64Array, ages: number, best: number): number {
  let sum = 0;
  let kept = 0;
  for (let age = 1; age <= ages; age++) {
    const at = offset + (age - 1) * STRIDE;
    if (after[at + LOG_WEIGHT] === Number.NEGATIVE_INFINITY) continue;
    const below = best - (after[at + PROBABILITY] as number);
    const likelihood = Math.exp(-below);
    sum += likelihood;
    if (below <= PRUNED) kept += likelihood;
    after[at + PROBABILITY] = below <= PRUNED ? likelihood : 0;
  }
  // What is dropped has still predicted this interval; its part goes to the others from the next one on.
  const zero = best + Math.log(kept);
  for (let age = 1; age <= ages; age++) {
    const at = offset + (age - 1) * STRIDE;
    after[at + PROBABILITY] = (after[at + PROBABILITY] as number) / kept;
    after[at + LOG_WEIGHT] = (after[at + LOG_WEIGHT] as number) - zero;
  }
  return best + Math.log(sum);
}
