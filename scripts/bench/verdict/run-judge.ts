import { analysisSchema } from "../../../src/api/spec-analysis.ts";
import type { JudgeSettings, JudgeState } from "../../../src/verdict/judge.ts";
import { assess, beginJudge, enterPosition, judgeSettings, observeRow } from "../../../src/verdict/judge.ts";
import type { TraceRow } from "./world.ts";

export interface Outcome {
  readonly final: "pass" | "fail" | "inconclusive";
  readonly atMs: number;
  readonly metric: string | null;
  readonly reason: string;
}

export const DEFAULTS: JudgeSettings = judgeSettings(analysisSchema.parse({}));

/** Judges a whole trace as a controller would, row by row, each change of weight a step. */
export function judgeTrace(rows: readonly TraceRow[], settings: JudgeSettings = DEFAULTS): Outcome {
  let state: JudgeState = beginJudge(settings);
  let step = -1;
  let weight = 0;
  let atMs = 0;
  for (const row of rows) {
    const startMs = row.endMs - settings.intervalMs;
    if (startMs >= 0 && row.weight !== weight) {
      weight = row.weight;
      step += 1;
      state = enterPosition(state, { kind: "step", index: step, weight, sinceMs: startMs });
    }
    state = observeRow(state, row);
    atMs = row.endMs;
    const failed = state.metrics.some((metric) => metric.failure !== null);
    if (failed) break;
  }
  const verdict = assess(state, atMs);
  return { final: verdict.result, atMs, metric: verdict.metric, reason: verdict.reason };
}
