import type { EvidenceRow } from "../api/evidence.ts";
import type { AnalysisSpec } from "../api/spec.ts";
import { assessState } from "./assess.ts";
import { type JudgeSettings, judgeSettings as resolveSettings } from "./judge-settings.ts";
import { beginState, enterState, type JudgeState } from "./judge-state.ts";
import { observeState } from "./observe.ts";
import type { Position, Verdict } from "./verdict.ts";

/**
 * The judge of one run: fed one row of evidence an interval, asked for a verdict at any time. Everything here is
 * pure: the same rows and positions give the same verdict, which is how a restarted controller finds its way back.
 */

export type { JudgeSettings } from "./judge-settings.ts";
/** What has been learnt from the rows so far. Plain data, never mutated; see judge-state.ts. */
export type { JudgeState } from "./judge-state.ts";
export type { Position, Verdict } from "./verdict.ts";

/** Resolves the defaults of an analysis section. */
export function judgeSettings(analysis: AnalysisSpec): JudgeSettings {
  return resolveSettings(analysis);
}

/** A judge that has seen nothing. Rows observed before the first position are the primary's history. */
export function beginJudge(settings: JudgeSettings): JudgeState {
  return beginState(settings);
}

/** The run moves on to a position. One that is already entered, or older than the current one, changes nothing. */
export function enterPosition(state: JudgeState, position: Position): JudgeState {
  return enterState(state, position);
}

/** Folds one interval in. Rows come in order; one that is not newer than the last is ignored. */
export function observeRow(state: JudgeState, row: EvidenceRow): JudgeState {
  return observeState(state, row);
}

/** May the current position be left? */
export function assess(state: JudgeState, nowMs: number): Verdict {
  return assessState(state, nowMs);
}
