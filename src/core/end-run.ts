import { HISTORY_LIMIT, type HistoryEntry, type Outcome, type RunStatus } from "../api/status.ts";
import { isoTime } from "../lib/time.ts";
import type { Draft } from "./draft.ts";
import { callAfterRun } from "./gates-after.ts";

/** Puts a run that is over into the history. */
export function endRun(draft: Draft, run: RunStatus, outcome: Outcome): void {
  const entry: HistoryEntry = {
    id: run.id,
    revision: run.revision,
    images: run.images,
    startedAt: run.startedAt,
    finishedAt: isoTime(draft.nowMs),
    result: outcome.result,
    reason: outcome.reason,
    message: outcome.message,
    maxWeight: run.maxWeight,
    ...(run.verdict === undefined ? {} : { verdict: run.verdict }),
    ...(run.approvals === undefined ? {} : { approvals: run.approvals }),
  };
  const { promoted } = draft.status;
  const replicas = draft.snapshot.primary?.desiredReplicas ?? run.primaryReplicas;
  draft.judge = null;
  draft.seen = null;
  draft.patchStatus({
    run: undefined,
    contested: undefined,
    step: undefined,
    canaryWeight: 0,
    phase: outcome.result === "Succeeded" ? "Succeeded" : "Failed",
    message: outcome.message,
    ...(promoted === undefined ? {} : { promoted: { ...promoted, replicas } }),
    history: [entry, ...(draft.status.history ?? [])].slice(0, HISTORY_LIMIT),
  });
  callAfterRun(draft, run, outcome);
  draft.lookAgainAfter(0);
}
