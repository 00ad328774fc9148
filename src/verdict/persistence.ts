import { addCounts, NO_COUNTS, type PairCounts, shareOf } from "./counts.ts";
import type { BaselineSettings } from "./judge-settings.ts";
import { splitLogLikelihood } from "./split-test.ts";

/**
 * A giant burst of one arm (a node that dies, a neighbour that deploys) is over in a minute or so, and may be larger than
 * any prior on bursts allows for. So a failure must be seen with its worst minute and a half left out: in the last three
 * minutes, or in more where a regression is milder or comes and goes. What cannot wait is for the severe test.
 */
export interface Recent {
  /** Oldest first. */
  readonly rows: readonly PairCounts[];
}

export const NOTHING_RECENT: Recent = { rows: [] };

const BURST_MS = 90_000;
/** In bursts. */
const WINDOWS = [2, 4, 8, 16, 32] as const;
const LONGEST_WINDOW = 32;
/** ln of the likelihood ratio that the rest must show against the largest allowed ratio, or chance would do. */
const LEAST_EVIDENCE = 2;

export function observeRecent({ rows }: Recent, counts: PairCounts, intervalMs: number): Recent {
  const most = LONGEST_WINDOW * burstRows(intervalMs);
  return { rows: [...rows.slice(-(most - 1)), counts] };
}

/** Whether the canary is worse than allowed in one of the windows, whichever burst is left out of it. */
export function outlastsBurst({ rows }: Recent, allowed: BaselineSettings, intervalMs: number): boolean {
  const burst = burstRows(intervalMs);
  return WINDOWS.some((bursts) => {
    const window = rows.slice(-bursts * burst);
    return window.length > burst && isWorseWithout(window, burst, allowed);
  });
}

function isWorseWithout(window: readonly PairCounts[], burst: number, allowed: BaselineSettings): boolean {
  const places = Array.from({ length: window.length - burst + 1 }, (_, from) => from);
  return places.every((from) => {
    const rest = [...window.slice(0, from), ...window.slice(from + burst)].reduce(addCounts, NO_COUNTS);
    return isWorse(rest, allowed);
  });
}

function isWorse(counts: PairCounts, { maxRatio, minDelta }: BaselineSettings): boolean {
  const { canary, primary } = counts;
  if (shareOf(canary) <= shareOf(primary) + minDelta) return false;
  const seen = shareOf(canary) / shareOf({ ...primary, bad: Math.max(0.5, primary.bad) });
  if (seen <= maxRatio) return false;
  const under = (ratio: number) => splitLogLikelihood(counts, { ratio, log: Math.log(ratio) });
  return under(seen) - under(maxRatio) >= LEAST_EVIDENCE;
}

function burstRows(intervalMs: number): number {
  return Math.max(1, Math.round(BURST_MS / intervalMs));
}
