import type { RevisionRef, RunStatus } from "../api/status.ts";
import { imageText, record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import type { Target } from "./snapshot.ts";

/** Somebody deleted the primary during a run: it is made again from what it served, whatever the run comes to. */
export function remakeDuringRun(draft: Draft, run: RunStatus): void {
  const { primary, target } = draft.snapshot;
  const served = run.stage === "Finalising" ? run : run.previous;
  if (primary !== null || target === null || served === undefined) return;
  if (target.revisions.includes(served.revision)) remake(draft, served, run.primaryReplicas);
}

/**
 * At rest, and once traffic has begun to move to it, it is made again from the revision that it served, never from what the target has now. Only when that
 * revision's ReplicaSet is gone too (the target was deleted and made anew) there is nothing else that could serve: the
 * target is adopted as if for the first time.
 */
export function remakeServed(draft: Draft, target: Target | null): void {
  const { promoted, adopting } = draft.status;
  const served = promoted ?? adopting;
  if (served === undefined || target === null) {
    draft.patchStatus({ message: "The primary is gone, and so is the target that it could be made from." });
    return;
  }
  if (target.revisions.includes(served.revision)) {
    // At rest the target has no pods; a number there is what somebody wants now.
    remake(draft, served, Math.max(1, target.desiredReplicas || (promoted?.replicas ?? 0)));
    return;
  }
  const message = `The primary is gone, and ${imageText(served)} with the ReplicaSet that it could be made from: what the target has now is adopted.`;
  record(draft, "PrimaryLost", message);
  draft.patchStatus({
    phase: "Initializing",
    promoted: undefined,
    adopting: undefined,
    rejected: undefined,
    trafficMovedAt: undefined,
    message,
  });
  draft.lookAgainAfter(0);
}

function remake(draft: Draft, from: RevisionRef, replicas: number): void {
  draft.act({ kind: "createPrimary", revision: from.revision, replicas }, { kind: "ensureServices" });
  record(
    draft,
    "PrimaryRemade",
    `The primary was deleted; it is made again from ${imageText(from)}, ${replicas} pods.`,
  );
}
