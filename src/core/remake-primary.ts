import type { RevisionRef, RunStatus } from "../api/status.ts";
import { announce, imageText, record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { endRun } from "./end-run.ts";
import { giveTrafficBack } from "./repair.ts";
import type { Primary, Target } from "./snapshot.ts";

/**
 * Somebody deleted the primary during a run: it is made again from what it served, whatever the run comes to. One that has
 * another template is set back.
 */
export function remakeDuringRun(draft: Draft, run: RunStatus): void {
  const { primary, target } = draft.snapshot;
  const served = servedIn(run);
  if (target === null || served === undefined) return;
  // A rollback has its own way, since it is what it is for.
  if (primary !== null && run.stage !== "RollingBack") setBack(draft, primary, served);
  else if (primary === null && target.revisions.includes(served.revision))
    remake(draft, served, run.primaryReplicas);
}

/**
 * Its template was written, the answer got lost, and the run ended before anybody saw it (an abort, and a watch that hangs): a
 * revision that was rejected must not go on serving.
 */
export function setBack(draft: Draft, primary: Primary, served: RevisionRef): void {
  const { target } = draft.snapshot;
  if (primary.revision === null || primary.revision === served.revision) return;
  if (!target?.revisions.includes(served.revision)) return;
  // Refused for ever, it keeps nothing else from being done.
  draft.actFinally({ kind: "revertPrimary", revision: served.revision });
  record(
    draft,
    "PrimarySetBack",
    `The primary had ${primary.images.join(", ")}; it is set back to ${imageText(served)}, which is what was promoted last.`,
  );
}

/**
 * The primary is gone, and what it served with the target that had it: its share of the requests has nobody, and there is
 * nothing to compare a canary with. Ends the run; tells whether it did.
 */
export function endWithoutPrimary(draft: Draft, run: RunStatus): boolean {
  const { primary, target } = draft.snapshot;
  const served = servedIn(run);
  // A promotion makes the primary from what it promotes.
  if (primary !== null || target === null || served === undefined || run.stage === "Promoting") return false;
  if (target.current === null || target.revisions.includes(served.revision)) return false;
  endRun(draft, run, run.outcome ?? { result: "Failed", reason: "PrimaryLost", message: lossText(served) });
  adoptAnew(draft, run, served);
  return true;
}

function servedIn(run: RunStatus): RevisionRef | undefined {
  return run.stage === "Finalising" ? run : run.previous;
}

/**
 * At rest, and once traffic has begun to move to it, it is made again from the revision that it served, never from what the
 * target has now. Only when that revision's ReplicaSet is gone too (the target was deleted and made anew) there is nothing
 * else that could serve: the target is adopted as if for the first time.
 */
export function remakeServed(draft: Draft, target: Target | null): void {
  const served = servedAtRest(draft);
  if (served === undefined || target === null) {
    draft.patchStatus({ message: "The primary is gone, and so is the target that it could be made from." });
    return;
  }
  if (target.revisions.includes(served.revision)) {
    // At rest the target has no pods; a number there is what somebody wants now.
    remake(draft, served, Math.max(1, target.desiredReplicas || (served.replicas ?? 0)));
    return;
  }
  adoptAnew(draft, null, served);
}

/** Nothing of a refused spec is carried out; but what serves goes on serving. */
export function keepServed(draft: Draft): void {
  const { primary, target } = draft.snapshot;
  if (primary === null && target !== null && servedAtRest(draft) !== undefined) remakeServed(draft, target);
}

/** What serves out of a run, and with how many pods: the target may have none any more. Absent while the target serves. */
export function servedAtRest({ status }: Draft): (RevisionRef & { readonly replicas?: number }) | undefined {
  return status.promoted ?? status.adopting;
}

function lossText(served: RevisionRef): string {
  return `The primary is gone, and ${imageText(served)} with the ReplicaSet that it could be made from: what the target has now is adopted.`;
}

/** As if for the first time. Until there is a primary the target's pods are all that can serve: requests go to them at once. */
function adoptAnew(draft: Draft, run: RunStatus | null, served: RevisionRef): void {
  const message = lossText(served);
  const isUp = (draft.snapshot.target?.current?.readyReplicas ?? 0) > 0;
  if (isUp) giveTrafficBack(draft);
  const replicas = servedAtRest(draft)?.replicas ?? 1;
  // The primary is to have as many as it had: it takes the number over from the target.
  if (draft.snapshot.target?.desiredReplicas === 0) draft.act({ kind: "scaleTarget", replicas });
  announce(draft, run, {
    reason: "PrimaryLost",
    title: "the primary is lost",
    text: `${message} ${isUp ? "All requests go to its pods until there is a primary again." : "Nothing serves until its pods are ready."}`,
    next: "Look who deletes the primary's Deployment, and whether the target has what is to serve.",
    transition: `primary-lost-${served.revision}`,
  });
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
