/**
 * Evidence for "from some interval on, one of these alternatives holds" against a null hypothesis, when neither the
 * alternative nor the start is known. Each interval the chance of starting there is a fixed hazard of what remains, so
 * the sum over starts is a recursion of one number an alternative (Shiryaev 1963, Roberts 1966). Under the null the
 * evidence is a martingale with mean 1: the chance that it ever exceeds 1/a is at most a (Ville 1939).
 *
 * Numbers are kept linear and capped. A cap or an underflow can only lower the evidence.
 */
export interface StartMixture {
  /** Prior mass of "has not started yet". */
  readonly remaining: number;
  /** By null and alternative: mass started so far times its likelihood ratio. */
  readonly started: Float64Array;
  /** Intervals folded in. */
  readonly intervals: number;
}

/** Prior of "the regression was there from the first interval"; more of it would delay what begins in mid-run. */
const FROM_THE_BEGINNING = 0.3;
const CAP = 1e200;
/** ln of the largest ratio of one interval. */
const LARGEST_LOG_RATIO = 230;

/** A likelihood ratio from its logarithm, capped. */
export function ratioFrom(logRatio: number): number {
  return Math.exp(Math.min(LARGEST_LOG_RATIO, logRatio));
}

export function beginMixture(size: number): StartMixture {
  return { remaining: 1, started: new Float64Array(size), intervals: 0 };
}

/**
 * One interval on. `ratios[i]` is the likelihood of the interval under alternative i over that under its null, at most
 * that of `ratioFrom`; `hazard` the chance that a change happens in this interval.
 */
export function advanceMixture(
  mixture: StartMixture,
  ratios: ArrayLike<number>,
  hazard: number,
): StartMixture {
  const starting = mixture.remaining * (mixture.intervals === 0 ? FROM_THE_BEGINNING : hazard);
  const started = new Float64Array(mixture.started.length);
  for (let i = 0; i < started.length; i++) {
    started[i] = Math.min(CAP, ((mixture.started[i] as number) + starting) * (ratios[i] as number));
  }
  return { remaining: mixture.remaining - starting, started, intervals: mixture.intervals + 1 };
}

/** ln of the evidence against one null, whose alternatives lie at `from` with these weights (sum 1). */
export function logEvidence(mixture: StartMixture, weights: readonly number[], from = 0): number {
  let sum = mixture.remaining;
  for (let j = 0; j < weights.length; j++) {
    sum += (weights[j] as number) * (mixture.started[from + j] as number);
  }
  return Math.log(sum);
}

/** The hazard of one interval when it is 2 % per 15 s. */
export function startHazard(intervalMs: number): number {
  return 1 - 0.98 ** (intervalMs / 15_000);
}
