import {
  assess,
  beginJudge,
  enterPosition,
  type JudgeSettings,
  type JudgeState,
  observeRow,
  type Verdict,
} from "../verdict/judge.ts";
import type { TraceRow } from "./trace.ts";

/** What the judge said after a row; null in history. */
export interface JudgedRow {
  readonly row: TraceRow;
  readonly verdict: Verdict | null;
}

export interface Final {
  readonly result: Verdict["result"];
  /** End of the row that decided; the last one's where none failed. */
  readonly atMs: number;
  readonly reason: string;
  /** The metric that failed, or that is undecided; null where it is none in particular. */
  readonly metric: string | null;
}

/** A weight that the trace stayed at. */
interface Step {
  readonly weight: number;
  readonly requests: number;
}

/**
 * Judges the rows of a trace as a controller would, each change of weight a step. It yields every row and returns what
 * the run comes to: the first failure, or the last verdict; a pass needs enough requests in every step.
 */
export function* judgeRows(
  rows: readonly TraceRow[],
  settings: JudgeSettings,
): Generator<JudgedRow, Final, void> {
  let state = beginJudge(settings);
  let verdict: Verdict | null = null;
  let failed: Final | null = null;
  const steps: Step[] = [];
  for (const row of rows) {
    const entered = enterAt(state, row);
    if (entered !== state && verdict !== null && state.position !== null) {
      steps.push({ weight: state.position.weight, requests: verdict.canary.requests });
    }
    state = observeRow(entered, row);
    verdict = state.position === null ? null : assess(state, row.endMs);
    yield { row, verdict };
    if (verdict?.result === "fail") failed ??= finalOfVerdict(verdict, row.endMs);
  }
  return failed ?? conclude(verdict, steps, settings, rows.at(-1)?.endMs ?? 0);
}

/** Runs to the first failure and no further. */
export function finalOf(rows: readonly TraceRow[], settings: JudgeSettings): Final {
  const judged = judgeRows(rows, settings);
  for (let next = judged.next(); ; next = judged.next()) {
    if (next.done) return next.value;
    const { row, verdict } = next.value;
    if (verdict?.result === "fail") return finalOfVerdict(verdict, row.endMs);
  }
}

/** A row with live weight begins a step where the weight is new; mirrored requests before any weight are a shadow phase. */
function enterAt(state: JudgeState, row: TraceRow): JudgeState {
  const weight = row.weight ?? 0;
  const { position } = state;
  const sinceMs = row.endMs - state.settings.intervalMs;
  if (row.endMs <= 0 && row.canary === null) return state;
  if (weight > 0) {
    if (position?.weight === weight) return state;
    const index = position === null || position.kind === "shadow" ? 0 : position.index + 1;
    return enterPosition(state, { kind: "step", index, weight, sinceMs });
  }
  if (position !== null || (row.canary?.requests ?? 0) === 0) return state;
  return enterPosition(state, { kind: "shadow", index: 0, weight: 0, sinceMs });
}

function conclude(
  verdict: Verdict | null,
  steps: readonly Step[],
  { minRequests }: JudgeSettings,
  atMs: number,
): Final {
  if (verdict === null) {
    return { result: "inconclusive", atMs, reason: "the trace has no row of a canary", metric: null };
  }
  const short = steps.find((step) => step.requests < minRequests);
  if (verdict.result === "pass" && short !== undefined) {
    const reason = `${Math.floor(short.requests)} of ${minRequests} requests at weight ${short.weight} %`;
    return { result: "inconclusive", atMs, reason, metric: null };
  }
  return finalOfVerdict(verdict, atMs);
}

function finalOfVerdict({ result, reason, metric }: Verdict, atMs: number): Final {
  return { result, atMs, reason, metric };
}
