import { type EvidenceRow, isUnanswered } from "../api/evidence.ts";
import type { AnalysisSpec } from "../api/spec.ts";
import type { Outcome, RunStatus } from "../api/status.ts";
import { parseTime } from "../lib/time.ts";
import type { JudgeState, Position, Verdict } from "../verdict/judge.ts";
import { assess, beginJudge, enterPosition, judgeSettings, observeRow } from "../verdict/judge.ts";
import { keepLedger, type Ledger, mendHistory } from "./ledger.ts";
import { asComparable } from "./shadow-evidence.ts";
import { extendTrail, NO_TRAIL, type Trail } from "./trail.ts";

/** What a controller remembers of a run between passes. */
export interface JudgeMemory {
  readonly state: JudgeState;
  readonly ledger: Ledger | null;
  readonly trail: Trail;
}

/**
 * Folds new rows into the judge, entering each position at its time. A judge that was lost (restart) begins anew and is
 * fed the same rows and positions, and so comes to the same verdict.
 */
export function foldEvidence(
  memory: JudgeMemory | null,
  run: RunStatus,
  fetched: readonly EvidenceRow[],
): JudgeMemory {
  const found = memory === null ? mendHistory(answered(fetched), run) : answered(fetched);
  const rows = found.map((row) => asComparable(row, run));
  const positions = run.positions.map(toPosition);
  let state = memory?.state ?? beginJudge(judgeSettings(analysisOf(run)));
  let trail = memory?.trail ?? NO_TRAIL;
  let entered = 0;
  for (const row of rows) {
    for (; entered < positions.length; entered += 1) {
      const position = positions[entered] as Position;
      if (position.sinceMs >= row.endMs) break;
      state = enterPosition(state, position);
    }
    state = observeRow(state, row);
    if (entered > 0) trail = extendTrail(trail, row, state.settings.metrics);
  }
  for (; entered < positions.length; entered += 1)
    state = enterPosition(state, positions[entered] as Position);
  return { state, trail, ledger: keepLedger(memory?.ledger ?? null, run, rows) };
}

/** The run's analysis; metrics that a person has resumed without only warn. */
function analysisOf(run: RunStatus): AnalysisSpec {
  const { analysis } = run.spec;
  const waived = run.waived ?? [];
  if (waived.length === 0) return analysis;
  const metrics = analysis.metrics.map((metric) =>
    waived.includes(metric.name) ? { ...metric, onFail: "warn" as const } : metric,
  );
  return { ...analysis, metrics };
}

/** The verdict on the current position. */
export function verdictOf({ state }: JudgeMemory, nowMs: number): Verdict {
  return assess(state, nowMs);
}

/** How a run ends that a verdict sends back. */
export function failedOutcome({ metric, reason }: Verdict): Outcome {
  const message = metric === null ? reason : `${metric}: ${reason}`;
  return { result: "Failed", reason: "MetricFailed", ...(metric === null ? {} : { metric }), message };
}

/** Why the source gave no answer at all for the newest row; null when it did answer. */
export function outageOf(rows: readonly EvidenceRow[]): string | null {
  const last = rows.at(-1);
  return last !== undefined && isUnanswered(last) ? (last.error ?? null) : null;
}

/** Rows up to the first that got no answer: that one and what follows is asked for again. */
function answered(rows: readonly EvidenceRow[]): readonly EvidenceRow[] {
  const end = rows.findIndex(isUnanswered);
  return end < 0 ? rows : rows.slice(0, end);
}

function toPosition(position: RunStatus["positions"][number]): Position {
  return {
    kind: position.kind,
    index: position.index,
    weight: position.weight,
    sinceMs: parseTime(position.since),
  };
}
