import { type ArmTally, addTally, NOTHING, shareOf } from "./counts.ts";

/**
 * The primary's rate of bad requests now. A slowly forgetting average would stay high long after a shock that both arms
 * shared and hide the canary behind it, so the window is the shortest that holds enough bad requests.
 */
export interface PrimaryLevel {
  /** Newest first. */
  readonly recent: readonly ArmTally[];
}

const WINDOWS = [4, 8, 12, 20] as const;
const LONGEST = 20;
const ENOUGH_BAD = 5;
const SHOCK_WINDOW = 2;
const SHOCK_BAD = 3;

export const NO_LEVEL: PrimaryLevel = { recent: [] };

export function observePrimary(level: PrimaryLevel, tally: ArmTally): PrimaryLevel {
  return { recent: [tally, ...level.recent.slice(0, LONGEST - 1)] };
}

/** A fraction; rounded up by half a bad request in a hundred so that it is never 0. */
export function primaryRate(level: PrimaryLevel): number {
  let chosen: ArmTally = NOTHING;
  for (const size of WINDOWS) {
    chosen = sumOf(level, size);
    if (chosen.bad >= ENOUGH_BAD) break;
  }
  const shock = sumOf(level, SHOCK_WINDOW);
  const steady = (chosen.bad + 0.5) / (chosen.total + 100);
  return Math.max(steady, shock.bad >= SHOCK_BAD ? shareOf(shock) : 0);
}

function sumOf(level: PrimaryLevel, size: number): ArmTally {
  return level.recent.slice(0, size).reduce(addTally, NOTHING);
}
