import type { ArmTally } from "./counts.ts";
import { advanceMixture, beginMixture, logEvidence, ratioFrom, type StartMixture } from "./start-mixture.ts";

/**
 * Is an arm's own rate of bad requests above a bound that may move from interval to interval? Says something where the
 * primary has no bad requests at all, and carries the absolute margin. Binomial likelihood, mixture over rates.
 */
export interface RateTest {
  readonly mixture: StartMixture;
}

const CAP = 0.97;

export function beginRateTest(alternatives: number): RateTest {
  return { mixture: beginMixture(alternatives) };
}

/** `alternatives` are rates; those that do not exceed `bound` by half are raised until they do. */
export function observeRate(
  test: RateTest,
  tally: ArmTally,
  bound: number,
  alternatives: readonly number[],
  hazard: number,
): RateTest {
  const p0 = Math.min(bound, 0.95);
  const good = tally.total - tally.bad;
  const ratios = alternatives.map((rate) => {
    const p1 = Math.max(Math.min(CAP, rate), Math.min(CAP, 1.5 * p0));
    return ratioFrom(tally.bad * Math.log(p1 / p0) + good * Math.log((1 - p1) / (1 - p0)));
  });
  return { mixture: advanceMixture(test.mixture, ratios, hazard) };
}

/** ln of the evidence against "the rate is at most the bound", alternatives weighted alike. */
export function rateEvidence(test: RateTest): number {
  const size = test.mixture.started.length;
  return logEvidence(test.mixture, Array<number>(size).fill(1 / size));
}
