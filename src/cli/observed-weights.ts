import type { EvidenceRow } from "../api/evidence.ts";
import type { TraceRow } from "./trace.ts";

/** Rows that a share of traffic is told from. */
const SMOOTHED_ROWS = 4;

/**
 * Recorded evidence does not say which weight was set: it is told from the canary's share of requests, as the nearest
 * weight of the plan, and only rises. Rows before the canary's first request are history.
 */
export function withObservedWeights(
  rows: readonly EvidenceRow[],
  plan: readonly number[],
): readonly TraceRow[] {
  const begins = rows.findIndex((row) => (row.canary?.requests ?? 0) > 0);
  let weight = 0;
  return rows.map((row, index) => {
    if (begins < 0 || index < begins) return { ...row, canary: null, weight: null };
    const share = shareOf(rows.slice(Math.max(begins, index - SMOOTHED_ROWS + 1), index + 1));
    if (share !== null) weight = Math.max(weight, nearest(plan, share));
    return { ...row, weight };
  });
}

/** Canary's percentage of requests; null without any. */
function shareOf(rows: readonly EvidenceRow[]): number | null {
  const canary = rows.reduce((sum, row) => sum + (row.canary?.requests ?? 0), 0);
  const primary = rows.reduce((sum, row) => sum + (row.primary?.requests ?? 0), 0);
  return canary + primary === 0 ? null : (100 * canary) / (canary + primary);
}

function nearest(plan: readonly number[], share: number): number {
  return plan.reduce((best, weight) => (Math.abs(weight - share) < Math.abs(best - share) ? weight : best));
}
