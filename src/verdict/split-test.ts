import { isComparable, type PairCounts } from "./counts.ts";
import { advanceMixture, beginMixture, logEvidence, type StartMixture } from "./start-mixture.ts";

/**
 * Is the canary's rate of bad requests more than `maxRatio` times the primary's? Conditional on the bad requests of an
 * interval only their split between the arms counts, so whatever hits both alike cancels: a dependency's outage, the
 * time of day, a retry storm, a change of weight.
 */
export interface SplitTest {
  readonly mixture: StartMixture;
}

const GRID_STEP = 1.3;
const GRID_SIZE = 18;
const GRID: readonly number[] = [...Array.from({ length: GRID_SIZE }, (_, j) => GRID_STEP ** (j + 1)), 1000];
/** The six largest ratios get half the weight of the others. */
const GRID_WEIGHTS = normalise(GRID.map((_, j) => (j >= GRID.length - 6 ? 0.5 : 1)));

export function beginSplitTest(): SplitTest {
  return { mixture: beginMixture(GRID.length) };
}

export function observeSplit(
  test: SplitTest,
  counts: PairCounts,
  maxRatio: number,
  hazard: number,
): SplitTest {
  if (!isComparable(counts)) return test;
  const boundary = splitLogLikelihood(counts, maxRatio);
  const ratios = GRID.map((g) => splitLogLikelihood(counts, g * maxRatio) - boundary);
  return { mixture: advanceMixture(test.mixture, ratios, hazard) };
}

/** ln of the evidence against "at most maxRatio times the primary's rate". */
export function splitEvidence(test: SplitTest): number {
  return logEvidence(test.mixture, GRID_WEIGHTS);
}

/** ln likelihood of who got the bad requests (in order), when the canary's rate is `ratio` times the primary's. */
export function splitLogLikelihood(counts: PairCounts, ratio: number): number {
  const canary = ratio * counts.canary.total;
  const q = canary / (canary + counts.primary.total);
  return xLogY(counts.canary.bad, q) + xLogY(counts.primary.bad, 1 - q);
}

function xLogY(x: number, y: number): number {
  return x === 0 ? 0 : x * Math.log(y);
}

function normalise(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
