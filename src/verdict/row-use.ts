import type { EvidenceRow } from "../api/evidence.ts";
import type { JudgeSettings } from "./judge-settings.ts";

/**
 * What a row may be used for. `history`: before the run, only the primary is learnt. `cold`: the canary's first
 * warm-up. `settling`: just after a later rise of its weight. `warm`: everything.
 */
export type RowUse = "history" | "cold" | "settling" | "warm";

/** When the canary began to serve, and until when what it does may be start-up noise. */
export interface Warmup {
  readonly firstServedMs: number | null;
  readonly coldUntilMs: number;
  readonly settlingUntilMs: number;
}

export const NOT_SERVING: Warmup = { firstServedMs: null, coldUntilMs: 0, settlingUntilMs: 0 };

/** Notes the first row in which the canary served anything. */
export function observeWarmup(warmup: Warmup, row: EvidenceRow, settings: JudgeSettings): Warmup {
  if (warmup.firstServedMs !== null || (row.canary?.requests ?? 0) === 0) return warmup;
  const firstServedMs = row.endMs - settings.intervalMs;
  return { ...warmup, firstServedMs, coldUntilMs: firstServedMs + settings.warmupMs };
}

/** The canary's weight rises at `sinceMs`: new pods may be behind it. */
export function settleFrom(warmup: Warmup, sinceMs: number, settings: JudgeSettings): Warmup {
  return { ...warmup, settlingUntilMs: sinceMs + settings.warmupMs };
}

export function rowUse(warmup: Warmup, row: EvidenceRow, inRun: boolean): RowUse {
  if (!inRun) return "history";
  if (warmup.firstServedMs === null || row.endMs <= warmup.coldUntilMs) return "cold";
  return row.endMs <= warmup.settlingUntilMs ? "settling" : "warm";
}
