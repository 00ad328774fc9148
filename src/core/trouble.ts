import type { Outcome, RolloutStatus, RunStatus, Stage } from "../api/status.ts";
import { isoTime, parseTime } from "../lib/time.ts";
import { deadlineOf } from "./canary.ts";
import type { Draft } from "./draft.ts";
import type { Trouble } from "./snapshot.ts";

/** What these stages have still to do must be done, however long it takes. */
const ENDING: ReadonlySet<Stage> = new Set(["RollingBack", "Finalising"]);

/**
 * A run whose passes have failed for as long as its deadline goes back: whatever cannot be written, the weight can be
 * lowered while the routing object can be written at all.
 */
export function outcomeOfTrouble({ snapshot }: Draft, run: RunStatus): Outcome | null {
  const { trouble, nowMs } = snapshot;
  const deadlineMs = trouble === null ? null : troubleDeadline(run, trouble);
  if (trouble === null || deadlineMs === null || nowMs < deadlineMs) return null;
  return {
    result: "Failed",
    reason: "ProgressDeadlineExceeded",
    message: `For ${run.spec.progressDeadline} the run could not go on: ${trouble.message}.`,
  };
}

/** Until when passes may fail before the run goes back; null: for as long as it takes. */
export function troubleDeadline(run: RunStatus, { sinceMs }: Pick<Trouble, "sinceMs">): number | null {
  if (ENDING.has(run.stage)) return null;
  return Math.max(sinceMs, parseTime(run.stageSince)) + deadlineOf(run);
}

/** The status as it was read, with a condition that says what cannot be carried out. */
export function troubledStatus(status: RolloutStatus, message: string, nowMs: number): RolloutStatus {
  const { conditions = [] } = status;
  const old = conditions.find(({ type }) => type === "Ready");
  const since = old?.status === "False" ? old.lastTransitionTime : isoTime(nowMs);
  const ready = {
    type: "Ready",
    status: "False",
    reason: "PassFailed",
    message: `${message}. It is tried again.`,
    lastTransitionTime: since,
  } as const;
  return { ...status, conditions: [...conditions.filter(({ type }) => type !== "Ready"), ready] };
}
