import { FINALIZER } from "../api/names.ts";
import { parseDuration } from "../lib/duration.ts";
import { isoTime, isoTimeMs, parseTime } from "../lib/time.ts";
import { announce, imageText, record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { drainOf, isDrained } from "./draining.ts";
import { isSameTraffic, NO_CANARY, repairServices, routesProblem } from "./repair.ts";
import type { Primary, Target } from "./snapshot.ts";

/**
 * Adoption without downtime. The primary is made and ready before any traffic moves to it; the target, which serves
 * until then, is scaled down only after a drain. Each pass does the first thing that is not done yet:
 *
 *   finalizer -> primary -> Services -> primary ready -> routes, apex Service -> drain -> target to 0 -> Initialized
 */
export function initialise(draft: Draft): void {
  const { rollout, specProblems, target, targetProblem, primary } = draft.snapshot;
  if (specProblems.length > 0) return;
  if (!rollout.metadata.finalizers?.includes(FINALIZER)) draft.act({ kind: "addFinalizer" });
  if (target === null || targetProblem !== null) {
    draft.patchStatus({
      message: targetProblem?.message ?? `Waiting for Deployment ${rollout.spec.targetRef.name}.`,
    });
    return;
  }
  if (primary === null) makePrimary(draft, target);
  else movePods(draft, target, primary);
}

function makePrimary(draft: Draft, target: Target): void {
  if (target.current === null) {
    draft.patchStatus({ message: "Waiting for the target's ReplicaSet." });
    return;
  }
  const replicas = Math.max(1, target.desiredReplicas);
  draft.act({ kind: "createPrimary", revision: target.current.hash, replicas }, { kind: "ensureServices" });
  record(
    draft,
    "Initializing",
    `Making the primary from ${imageText({ ...target.current, revision: target.current.hash })}, ${replicas} pods.`,
  );
  draft.patchStatus({
    message: `Starting ${replicas} primary pods; the target serves until they are ready.`,
  });
}

function movePods(draft: Draft, target: Target, primary: Primary): void {
  repairServices(draft);
  const drain = drainOf(draft.snapshot.rollout);
  if (drain === null) {
    if (isReady(primary)) moveTraffic(draft);
    else if (isOvertaken(target, primary)) followTarget(draft, target.current);
    else waitForPrimary(draft, primary);
    return;
  }
  if (!isDrained(draft, drain, "the target's pods")) return;
  // It may have been deleted and made again since traffic moved: the target's pods are the only ones then.
  if (isReady(primary)) finishInitialising(draft, target, primary);
  // Where some of its pods serve, what the target has got meanwhile is for a canary to try.
  else if (primary.readyReplicas === 0 && isOvertaken(target, primary)) followTarget(draft, target.current);
  else waitForPrimary(draft, primary);
}

function isReady(primary: Primary): boolean {
  return primary.isRolledOut && primary.readyReplicas >= Math.max(1, primary.desiredReplicas);
}

/** The target serves, so what it runs now is as good as what it ran when the primary was made, and that is not ready. */
function isOvertaken(
  target: Target,
  primary: Primary,
): target is Target & { readonly current: NonNullable<Target["current"]> } {
  return target.current !== null && target.current.hash !== primary.revision;
}

function followTarget(draft: Draft, current: NonNullable<Target["current"]>): void {
  draft.act({ kind: "promotePrimary", revision: current.hash });
  const image = imageText({ ...current, revision: current.hash });
  record(
    draft,
    "Initializing",
    `The target changed before the primary was ready: it is made from ${image} instead.`,
  );
  draft.patchStatus({
    message: `Starting primary pods of ${image}; the target serves until they are ready.`,
  });
}

/** The drain is counted from when all objects are seen to name the primary, not from when that was decided. */
function moveTraffic(draft: Draft): void {
  const problem = routesProblem(draft);
  if (problem !== null) {
    const message = `The primary is ready. Traffic stays with the target: ${problem}.`;
    if (draft.status.message !== message) record(draft, "PrimaryNotReady", message);
    draft.patchStatus({ message });
    return;
  }
  if (isMoved(draft)) {
    draft.patchStatus({ trafficMovedAt: isoTimeMs(draft.nowMs) });
    draft.lookAgainAfter(draft.settings.drainMs);
    return;
  }
  draft.act(
    { kind: "ensureServices" },
    { kind: "pointApex", side: "primary" },
    { kind: "ensureRoutes" },
    { kind: "setTraffic", traffic: NO_CANARY },
  );
  draft.patchStatus({
    message:
      "Traffic is moving to the primary; the target is scaled down when no request is seen to reach it any more.",
  });
}

function isMoved(draft: Draft): boolean {
  const { routing, services } = draft.snapshot;
  return (
    routing.kind === "present" &&
    routing.inSync &&
    isSameTraffic(routing.traffic, NO_CANARY) &&
    services.apex.selects === "primary"
  );
}

function waitForPrimary(draft: Draft, primary: Primary): void {
  const { rollout } = draft.snapshot;
  const reason = primary.notReadyReason ?? "its pods are starting";
  const text = `Waiting for the primary: ${reason}. The target serves.`;
  const startedMs = parseTime(rollout.metadata.creationTimestamp ?? isoTime(draft.nowMs));
  const deadlineMs = startedMs + (parseDuration(rollout.spec.progressDeadline) ?? 0);
  if (draft.nowMs < deadlineMs) {
    draft.patchStatus({ message: text });
    draft.lookAgainAt(deadlineMs);
    return;
  }
  const late = `The primary is not ready after ${rollout.spec.progressDeadline}: ${reason}. The target serves.`;
  if (draft.status.message !== late) record(draft, "PrimaryNotReady", late);
  draft.patchStatus({ message: late });
}

function finishInitialising(draft: Draft, target: Target, primary: Primary): void {
  // The drain of the target is over: what was seen of it would be kept for as long as nothing is released.
  draft.seen = null;
  if (target.desiredReplicas > 0) draft.act({ kind: "scaleTarget", replicas: 0 });
  const revision = primary.revision ?? target.current?.hash ?? "";
  const images = primary.images;
  draft.patchStatus({
    phase: "Initialized",
    trafficMovedAt: undefined,
    promoted: { revision, images, at: isoTime(draft.nowMs), replicas: primary.desiredReplicas },
    revision,
    message: `${imageText({ revision, images })} serves. A change of the target's pod template starts a canary.`,
  });
  announce(draft, null, {
    reason: "Initialized",
    title: `${imageText({ revision, images })} serves from ${primary.readyReplicas} primary pods`,
    text: "Traffic has moved to the primary without downtime, and the target is scaled to 0.",
    transition: `initialized-${draft.snapshot.rollout.metadata.uid ?? ""}`,
  });
  draft.lookAgainAfter(0);
}
