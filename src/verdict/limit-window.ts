import { type ArmTally, addTally, NOTHING, shareOf } from "./counts.ts";

/**
 * An absolute limit on a share of requests, judged on all requests of a sliding window. Fails when the share is above
 * the limit beyond doubt: the likelihood ratio of the window's counts, averaged over larger shares, is an e-value; each
 * new window spends another part of the error budget (sum of 1/k^2), so that looking on every tick stays legal.
 */
export interface LimitWindow {
  readonly rows: readonly WindowRow[];
  readonly firstMs: number | null;
}

interface WindowRow {
  readonly endMs: number;
  readonly tally: ArmTally;
}

const FACTORS = [1.2, 1.5, 2, 3, 5, 10, 30, 100, 1000] as const;
const LEAST_LIMIT = 1e-6;
const MOST_ROWS = 2_000;

export const EMPTY_WINDOW: LimitWindow = { rows: [], firstMs: null };

export function observeLimit(
  window: LimitWindow,
  endMs: number,
  tally: ArmTally,
  windowMs: number,
): LimitWindow {
  const rows = [...window.rows, { endMs, tally }].filter((row) => row.endMs > endMs - windowMs);
  return { rows: rows.slice(-MOST_ROWS), firstMs: window.firstMs ?? endMs };
}

export function windowTally(window: LimitWindow): ArmTally {
  return window.rows.reduce((sum, row) => addTally(sum, row.tally), NOTHING);
}

/** ln of the evidence that the share is above `limit`, less what earlier windows have spent. */
export function limitEvidence(window: LimitWindow, limit: number, windowMs: number): number {
  const last = window.rows.at(-1);
  if (last === undefined || window.firstMs === null) return 0;
  const tally = windowTally(window);
  const p0 = Math.min(0.95, Math.max(LEAST_LIMIT, limit));
  if (shareOf(tally) <= p0) return 0;
  const good = tally.total - tally.bad;
  let sum = 0;
  for (const factor of FACTORS) {
    const p1 = Math.min(0.5 + p0 / 2, factor * p0);
    sum += Math.exp(Math.min(600, tally.bad * Math.log(p1 / p0) + good * Math.log((1 - p1) / (1 - p0))));
  }
  const windows = 1 + Math.floor((last.endMs - window.firstMs) / windowMs);
  return Math.log(sum / FACTORS.length) - Math.log((windows * windows * Math.PI ** 2) / 6);
}
