/**
 * Requests of both arms in one interval, and how many of them were bad: failed, or slower than a bound. All at least 0,
 * bad at most total; not always whole numbers, since a source may extrapolate.
 */
export interface PairCounts {
  readonly canary: ArmTally;
  readonly primary: ArmTally;
}

export interface ArmTally {
  readonly total: number;
  readonly bad: number;
}

export const NOTHING: ArmTally = { total: 0, bad: 0 };
export const NO_COUNTS: PairCounts = { canary: NOTHING, primary: NOTHING };

export function addTally(a: ArmTally, b: ArmTally): ArmTally {
  return { total: a.total + b.total, bad: a.bad + b.bad };
}

export function addCounts(a: PairCounts, b: PairCounts): PairCounts {
  return { canary: addTally(a.canary, b.canary), primary: addTally(a.primary, b.primary) };
}

export function shareOf(tally: ArmTally): number {
  return tally.total > 0 ? tally.bad / tally.total : 0;
}

/** Both arms served something; else an interval says nothing about one against the other. */
export function isComparable(counts: PairCounts): boolean {
  return counts.canary.total > 0 && counts.primary.total > 0;
}
