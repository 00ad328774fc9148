import { imageText, record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { letTargetGo } from "./draining.ts";
import { denialAt, denialText } from "./gates-schedule.ts";
import { keepServed, remakeServed, setBack } from "./remake-primary.ts";
import { giveCanarySubsetBack, NO_CANARY, repairRoutes, repairServices, routesProblem } from "./repair.ts";
import type { Primary, Target } from "./snapshot.ts";
import { startRun } from "./start-run.ts";

/** Between runs: start one when there is a new revision, put right what others have changed, and otherwise do nothing. */
export function rest(draft: Draft): void {
  const { specProblems, target, targetProblem, primary } = draft.snapshot;
  if (specProblems.length > 0) {
    keepServed(draft);
    return;
  }
  if (primary === null) {
    giveCanarySubsetBack(draft);
    remakeServed(draft, target);
    return;
  }
  if (draft.status.promoted !== undefined) setBack(draft, primary, draft.status.promoted);
  repairServices(draft);
  repairRoutes(draft, NO_CANARY);
  if (target === null || targetProblem !== null) {
    const trouble = targetProblem?.message ?? "The target is gone.";
    draft.patchStatus({ message: trouble });
    return;
  }
  if (isNewRevision(draft, target)) beginOrWait(draft, target, primary);
  else parkTarget(draft, target, primary);
}

/** Neither what serves nor what was rejected. */
function isNewRevision(draft: Draft, target: Target): boolean {
  const hash = target.current?.hash;
  return (
    hash !== undefined && hash !== draft.status.promoted?.revision && hash !== draft.status.rejected?.revision
  );
}

function beginOrWait(draft: Draft, target: Target, primary: Primary): void {
  if (target.current === null) return;
  const found = { revision: target.current.hash, images: target.current.images };
  const { spec } = draft.snapshot.rollout;
  const denial = denialAt(spec.schedule, draft.nowMs);
  const problem = routesProblem(draft);
  if (!spec.suspend && denial === null && problem === null) {
    startRun(draft, found, primary);
    return;
  }
  if (denial?.untilMs != null) draft.lookAgainAt(denial.untilMs);
  const denied = denial === null ? null : denialText(denial, draft.nowMs);
  const why = spec.suspend ? "the spec says suspend" : (problem ?? denied);
  const message = `${imageText(found)} waits: ${why}.`;
  if (draft.status.message !== message) record(draft, "RunWaits", message);
  draft.patchStatus({ phase: "Waiting", message, revision: found.revision });
  // It may have come while another one was being released, and have that one's pods.
  letTargetGo(draft, target);
}

/**
 * At rest the target has no pods. When Git (or a person) sets its replicas, that is how many the service is to have:
 * the primary takes the number over.
 */
function parkTarget(draft: Draft, target: Target, primary: Primary): void {
  if (draft.status.phase === "Waiting") settleAgain(draft);
  if (target.desiredReplicas === 0) {
    letTargetGo(draft, target);
    return;
  }
  if (target.desiredReplicas !== primary.desiredReplicas) {
    draft.act({ kind: "scalePrimary", replicas: target.desiredReplicas });
  }
  const { promoted } = draft.status;
  if (promoted !== undefined && promoted.replicas !== target.desiredReplicas) {
    // Noted before the target loses it, for a primary that has to be made again.
    draft.patchStatus({ promoted: { ...promoted, replicas: target.desiredReplicas } });
    return;
  }
  letTargetGo(draft, target);
}

/** The revision that waited has gone again. */
function settleAgain(draft: Draft): void {
  const { promoted, rejected } = draft.status;
  draft.patchStatus({
    phase: rejected === undefined ? "Succeeded" : "Failed",
    ...(promoted === undefined
      ? {}
      : { revision: promoted.revision, message: `${imageText(promoted)} serves.` }),
  });
}
