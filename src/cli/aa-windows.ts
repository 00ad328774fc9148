import type { PodRow } from "../api/evidence.ts";
import { HISTORY_INTERVALS } from "../core/ask.ts";
import type { PlannedStep } from "../core/steps.ts";
import type { JudgeSettings } from "../verdict/judge.ts";

/** A stretch of recorded time as long as a run, with the history that a run would have read. */
export interface AaWindow {
  /** Start of the first row's interval. */
  readonly fromMs: number;
  readonly history: readonly PodRow[];
  readonly rows: readonly PodRow[];
}

/** A step of the plan as rows of a window. */
export interface StepRows {
  readonly weight: number;
  readonly rows: number;
}

/** Warm intervals that the judge wants before it can pass: in a run, and in each step. */
const WARM_IN_RUN = 4;
const WARM_IN_STEP = 1;

/** How long each step takes when all goes well: its hold, or as long as a verdict takes at the least. */
export function stepRows(
  plan: readonly PlannedStep[],
  { intervalMs, warmupMs }: Pick<JudgeSettings, "intervalMs" | "warmupMs">,
): readonly StepRows[] {
  return plan.map(({ weight, holdMs }, index) => {
    const least = Math.ceil(warmupMs / intervalMs) + (index === 0 ? WARM_IN_RUN : WARM_IN_STEP);
    return { weight, rows: Math.max(Math.ceil(holdMs / intervalMs), least) };
  });
}

/** Cuts rows into windows one after the other, as they come; what does not fill a last one is left out. */
export async function* cutWindows(
  portions: AsyncIterable<readonly PodRow[]>,
  length: number,
): AsyncGenerator<AaWindow> {
  let kept: readonly PodRow[] = [];
  for await (const portion of portions) {
    kept = [...kept, ...portion];
    while (kept.length >= HISTORY_INTERVALS + length) {
      const history = kept.slice(0, HISTORY_INTERVALS);
      const rows = kept.slice(HISTORY_INTERVALS, HISTORY_INTERVALS + length);
      yield { fromMs: (history.at(-1) as PodRow).endMs, history, rows };
      kept = kept.slice(length);
    }
  }
}
