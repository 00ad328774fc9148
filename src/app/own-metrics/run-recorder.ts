import type { HistoryEntry, RolloutStatus, RunStatus, VerdictStatus } from "../../api/status.ts";
import type { Clock } from "../../lib/clock.ts";
import { parseTime } from "../../lib/time.ts";
import type { OwnMetrics } from "./own-metrics.ts";

/** What becomes of runs, told by the statuses that passes write. */
export class RunRecorder {
  readonly #clock: Clock;
  readonly #runs: OwnMetrics["own"]["runs"];

  constructor(clock: Clock, runs: OwnMetrics["own"]["runs"]) {
    this.#clock = clock;
    this.#runs = runs;
  }

  judged({ run }: RolloutStatus): void {
    const result = run?.metricsDown === undefined ? run?.verdict?.result : "unanswered";
    if (result !== undefined) this.#runs.analyses.add({ result });
  }

  loweredOnEvidence(evidenceEndMs: number): void {
    this.#runs.evidenceToZero.observe({}, (this.#clock.now() - evidenceEndMs) / 1_000);
  }

  wrote(before: RolloutStatus | undefined, after: RolloutStatus): void {
    const ended = endedRun(before, after);
    if (ended !== null) {
      const { result, reason, startedAt, finishedAt } = ended;
      this.#runs.runs.add({ result, reason });
      this.#runs.runDuration.observe({ result }, secondsBetween(startedAt, finishedAt));
    }
    if (before?.run !== undefined) this.#leftStage(before.run, after, ended);
    this.#verdict(before?.run, after.run);
  }

  #leftStage(before: RunStatus, { run }: RolloutStatus, ended: HistoryEntry | null): void {
    const isSameRun = run?.id === before.id;
    if (isSameRun && run.stage === before.stage && run.stepIndex === before.stepIndex) return;
    const leftAt = isSameRun ? run.stageSince : ended?.finishedAt;
    if (leftAt === undefined) return;
    this.#runs.stageDuration.observe({ stage: before.stage }, secondsBetween(enteredAt(before), leftAt));
  }

  #verdict(before: RunStatus | undefined, after: RunStatus | undefined): void {
    if (before === undefined || after === undefined || before.id !== after.id) return;
    const since = before.positions.at(-1)?.since;
    if (since === undefined) return;
    const verdict = hasPassedOn(before, after)
      ? ({ result: "pass", at: after.stageSince } as const)
      : after.verdict;
    const decided = decidedSince(since, verdict);
    if (decided === null || decidedSince(since, before.verdict)?.result === decided.result) return;
    this.#runs.verdictDuration.observe({ result: decided.result }, decided.seconds);
  }
}

/** The run that this status has newly in its history. */
export function endedRun(before: RolloutStatus | undefined, after: RolloutStatus): HistoryEntry | null {
  const newest = after.history?.[0];
  return newest === undefined || newest.id === before?.history?.[0]?.id ? null : newest;
}

/** A pause sets `stageSince` anew when it ends; a position is entered once. */
function enteredAt(run: RunStatus): string {
  const isPosition = run.stage === "Step" || run.stage === "Shadow";
  return (isPosition ? run.positions.at(-1)?.since : undefined) ?? run.stageSince;
}

/** The step was left on its evidence: the verdict that let it go on is not in the status any more. */
function hasPassedOn(before: RunStatus, after: RunStatus): boolean {
  const isFurther = after.positions.length > before.positions.length;
  return isFurther && before.skip === undefined && before.spec.analysis.onInconclusive !== "promote";
}

/** The verdict on the position that was entered then, if there is one: one that is older was on another. */
function decidedSince(
  since: string,
  verdict: Pick<VerdictStatus, "result" | "at"> | undefined,
): { readonly result: string; readonly seconds: number } | null {
  if (verdict === undefined || verdict.result === "inconclusive") return null;
  const seconds = secondsBetween(since, verdict.at);
  return seconds < 0 ? null : { result: verdict.result, seconds };
}

function secondsBetween(from: string, to: string): number {
  return (parseTime(to) - parseTime(from)) / 1_000;
}
