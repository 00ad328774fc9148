import { analysisSchema } from "../../../src/api/spec-analysis.ts";
import { type Final, finalOf } from "../../../src/cli/trace-judge.ts";
import { type JudgeSettings, judgeSettings } from "../../../src/verdict/judge.ts";
import type { TraceRow } from "./world.ts";

/** A Rollout that says nothing about its analysis. */
export const DEFAULTS: JudgeSettings = judgeSettings(analysisSchema.parse({}));

/** What Sluice makes of a trace. */
export function judgeTrace(rows: readonly TraceRow[], settings: JudgeSettings = DEFAULTS): Final {
  return finalOf(rows, settings);
}
