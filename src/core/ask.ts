import type { AnalysisSpec } from "../api/spec.ts";
import type { RunStatus } from "../api/status.ts";
import { parseDuration } from "../lib/duration.ts";
import { parseTime } from "../lib/time.ts";
import type { Snapshot } from "./snapshot.ts";

/** Evidence that is due: rows that end at `fromMs`, `fromMs + intervalMs`, ... `toMs`. */
export interface Ask {
  readonly kind: "evidence";
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
  readonly analysis: AnalysisSpec;
  readonly phase: "live" | "shadow";
}

/** How much of the primary's past a judge learns from before a run's first row. */
const HISTORY_INTERVALS = 120;

/** Rows fetched in one go after a long outage or restart; the rest follows in the next passes. */
const ROWS_AT_ONCE = 5_000;

/**
 * What must be found out before deciding. Nothing is asked while something urgent is at hand (a command, a changed
 * target, a deletion): weight 0 waits for no query.
 */
export function ask(snapshot: Snapshot): readonly Ask[] {
  const run = snapshot.rollout.status?.run;
  if (run === undefined || !isJudged(run) || isUrgent(snapshot, run)) return [];
  const intervalMs = intervalOf(run);
  const lastDueMs = Math.floor(snapshot.nowMs / intervalMs) * intervalMs;
  const fromMs = (snapshot.judge?.state.lastRowEndMs ?? firstRowMs(run) - intervalMs) + intervalMs;
  if (fromMs > lastDueMs) return [];
  return [
    {
      kind: "evidence",
      fromMs,
      toMs: Math.min(lastDueMs, fromMs + (ROWS_AT_ONCE - 1) * intervalMs),
      intervalMs,
      analysis: run.spec.analysis,
      phase: run.stage === "Shadow" ? "shadow" : "live",
    },
  ];
}

/** Whether a run is in a stage whose evidence counts. */
export function isJudged(run: RunStatus): boolean {
  return (run.stage === "Shadow" || run.stage === "Step") && run.promoteRequested === undefined;
}

export function intervalOf(run: RunStatus): number {
  return parseDuration(run.spec.analysis.interval) ?? 15_000;
}

/** When the next row of evidence can be asked for. */
export function nextRowMs(snapshot: Snapshot, run: RunStatus): number {
  const intervalMs = intervalOf(run);
  return (Math.floor(snapshot.nowMs / intervalMs) + 1) * intervalMs;
}

function firstRowMs(run: RunStatus): number {
  const intervalMs = intervalOf(run);
  const startedMs = parseTime(run.startedAt);
  return Math.ceil(startedMs / intervalMs) * intervalMs - HISTORY_INTERVALS * intervalMs;
}

function isUrgent(snapshot: Snapshot, run: RunStatus): boolean {
  return (
    snapshot.commands.length > 0 ||
    snapshot.target === null ||
    snapshot.target.current?.hash !== run.revision ||
    snapshot.rollout.metadata.deletionTimestamp !== undefined
  );
}
