import { assess, beginJudge, enterPosition, observeRow } from "../../../src/verdict/judge.ts";
import { DEFAULTS } from "./run-judge.ts";
import type { TraceRow } from "./world.ts";

/**
 * Milliseconds of this thread's own time that a tick takes: one row folded in and one verdict given. Of several rounds
 * over the rows the quickest, after one that warms up.
 */
export function tickMs(rows: readonly TraceRow[], rounds = 10): number {
  const begun = enterPosition(beginJudge(DEFAULTS), { kind: "step", index: 0, weight: 10, sinceMs: 0 });
  const round = (): number => {
    const start = process.threadCpuUsage();
    rows.reduce((state, row) => {
      const next = observeRow(state, row);
      assess(next, row.endMs);
      return next;
    }, begun);
    const { user, system } = process.threadCpuUsage(start);
    return (user + system) / 1_000 / rows.length;
  };
  round();
  return Math.min(...Array.from({ length: rounds }, round));
}
