import type { MetricSpec } from "../api/spec.ts";
import type { RunStatus } from "../api/status.ts";
import { parseTime } from "../lib/time.ts";
import { type Drain, drainOf, LONGEST_WATCH_MS, watchIntervalMs } from "./drain.ts";
import { intervalMsOf } from "./interval.ts";
import { rowsOfPast } from "./primary-past.ts";
import { ROWS_KEPT, seenThroughMs } from "./seen-traffic.ts";
import type { Snapshot } from "./snapshot.ts";

/** Evidence that is due: rows that end at `fromMs`, `fromMs + intervalMs`, ... `toMs`. */
export interface Ask {
  readonly kind: "evidence";
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
  /** Beside requests and errors, which are always asked for. */
  readonly metrics: readonly MetricSpec[];
  readonly phase: "live" | "shadow";
}

/** How much of the primary's past a judge learns from before a run's first row. */
export const HISTORY_INTERVALS = 120;

/** Rows fetched in one go after a long outage or restart; the rest follows in the next passes. */
const ROWS_AT_ONCE = 5_000;

/**
 * What must be found out before deciding. Nothing is asked while something urgent is at hand (a command, a changed
 * target, a deletion): weight 0 waits for no query.
 */
export function ask(snapshot: Snapshot): readonly Ask[] {
  const run = snapshot.rollout.status?.run;
  const drain = drainOf(snapshot.rollout);
  // What is asked for a verdict tells of the drain as well.
  if (drain !== null && (run === undefined || !isJudged(run))) return askAboutDrain(snapshot, drain);
  if (run?.stage === "Starting" && !isUrgent(snapshot, run)) return askAboutPrimary(snapshot, run);
  if (run === undefined || !isJudged(run) || isUrgent(snapshot, run)) return [];
  const intervalMs = intervalMsOf(run.spec.analysis);
  const lastDueMs = Math.floor(snapshot.nowMs / intervalMs) * intervalMs;
  const fromMs = (snapshot.judge?.state.lastRowEndMs ?? firstRowMs(run) - intervalMs) + intervalMs;
  const toMs = Math.min(lastDueMs, fromMs + (ROWS_AT_ONCE - 1) * intervalMs);
  return stretchesOf(run).flatMap(({ phase, sinceMs, untilMs }) => {
    // A row belongs to where it ends.
    const firstMs = Math.max(fromMs, (Math.floor(sinceMs / intervalMs) + 1) * intervalMs);
    const lastMs = Math.min(toMs, Math.floor(untilMs / intervalMs) * intervalMs);
    if (firstMs > lastMs) return [];
    const rows = { fromMs: firstMs, toMs: lastMs, intervalMs };
    return [{ kind: "evidence", ...rows, metrics: run.spec.analysis.metrics, phase }] as const;
  });
}

interface Stretch {
  readonly phase: Ask["phase"];
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** What came before the run, mirroring, and live requests: each is asked for in its own way, after a restart too. */
function stretchesOf(run: RunStatus): readonly Stretch[] {
  const changes = run.positions
    .map(
      ({ kind, since }) =>
        ({ phase: kind === "shadow" ? "shadow" : "live", sinceMs: parseTime(since) }) as const,
    )
    .filter(({ phase }, index, all) => phase !== (all[index - 1]?.phase ?? "live"));
  const stretches = [{ phase: "live", sinceMs: Number.NEGATIVE_INFINITY } as const, ...changes];
  return stretches.map((stretch, index) => ({
    ...stretch,
    untilMs: stretches[index + 1]?.sinceMs ?? Number.POSITIVE_INFINITY,
  }));
}

/** Requests alone, of the intervals since the routing objects send none. */
function askAboutDrain(snapshot: Snapshot, drain: Drain): readonly Ask[] {
  const { rollout, nowMs, seen, commands, specProblems } = snapshot;
  // A spec that cannot be read names nothing that could be asked about, unless a run has kept it.
  if (commands.length > 0 || (specProblems.length > 0 && rollout.status?.run === undefined)) return [];
  const intervalMs = watchIntervalMs(rollout);
  const toMs = Math.floor(nowMs / intervalMs) * intervalMs;
  const fromMs = Math.max(
    seenThroughMs(seen, intervalMs) + intervalMs,
    (Math.ceil(drain.sinceMs / intervalMs) + 1) * intervalMs,
    toMs - (ROWS_KEPT - 1) * intervalMs,
  );
  return fromMs > toMs ? [] : [{ kind: "evidence", fromMs, toMs, intervalMs, metrics: [], phase: "live" }];
}

/** Requests alone, of the last minutes before there is a canary: whether the primary is seen at all. */
function askAboutPrimary(snapshot: Snapshot, run: RunStatus): readonly Ask[] {
  const rows = rowsOfPast(snapshot, run);
  if (rows === 0) return [];
  const intervalMs = intervalMsOf(run.spec.analysis);
  const toMs = Math.floor(snapshot.nowMs / intervalMs) * intervalMs;
  const fromMs = toMs - (rows - 1) * intervalMs;
  return [{ kind: "evidence", fromMs, toMs, intervalMs, metrics: [], phase: "live" }];
}

/** Whether a run is in a stage whose evidence counts. */
export function isJudged(run: RunStatus): boolean {
  if (run.promoteRequested !== undefined) return false;
  if (run.stage === "Shadow" || run.stage === "Step") return true;
  // A drain is looked at in rows of its own where those of the analysis would be too long.
  return (
    run.stage === "Shifting" && !run.spec.skipAnalysis && intervalMsOf(run.spec.analysis) <= LONGEST_WATCH_MS
  );
}

/** When the next row of evidence can be asked for. */
export function nextRowMs(snapshot: Snapshot, run: RunStatus): number {
  const intervalMs = intervalMsOf(run.spec.analysis);
  return (Math.floor(snapshot.nowMs / intervalMs) + 1) * intervalMs;
}

function firstRowMs(run: RunStatus): number {
  const intervalMs = intervalMsOf(run.spec.analysis);
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
