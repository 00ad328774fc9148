import type { RevisionRef } from "../api/status.ts";
import { parseDuration } from "../lib/duration.ts";
import { isoTime, parseTime } from "../lib/time.ts";
import { announce, imageText, record } from "./announce.ts";
import { keepFinalizer } from "./deletion.ts";
import type { Draft } from "./draft.ts";
import { beginDrain, drainAtRest, isDrained } from "./draining.ts";
import { keepServed, remakeServed } from "./remake-primary.ts";
import { isAllWithPrimary, NO_CANARY, repairServices, routesProblem } from "./repair.ts";
import type { Primary, Target } from "./snapshot.ts";

/**
 * Adoption without downtime. The primary is made and ready before any traffic moves to it; the target, which serves
 * until then, is scaled down only after a drain. Each pass does the first thing that is not done yet:
 *
 *   finalizer -> primary -> Services -> primary ready -> noted -> routes, apex Service -> drain -> target to 0 -> Initialized
 *
 * Until the primary's revision is noted the target serves, and the primary follows it. From then on the primary serves, and
 * what the target gets is for a canary to try.
 */
export function initialise(draft: Draft): void {
  const { rollout, specProblems, target, targetProblem, primary } = draft.snapshot;
  if (specProblems.length > 0) {
    keepServed(draft);
    return;
  }
  keepFinalizer(draft);
  if (target === null || targetProblem !== null) {
    draft.patchStatus({
      message: targetProblem?.message ?? `Waiting for Deployment ${rollout.spec.targetRef.name}.`,
    });
    return;
  }
  if (primary !== null) movePods(draft, target, primary);
  else if (draft.status.adopting === undefined) makePrimary(draft, target);
  else remakeServed(draft, target);
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
  const drain = drainAtRest(draft);
  // Routes that are gone meanwhile are made again first, and the drain begins anew.
  if (drain !== null && !isAllWithPrimary(draft)) draft.patchStatus({ trafficMovedAt: undefined });
  else if (drain !== null) {
    if (!isDrained(draft, drain, "the target's pods")) return;
    // It may have been deleted and made again since traffic moved: the target's pods are the only ones then.
    const isHopeless = isOvertaken(target, primary) && draft.nowMs >= deadlineMs(draft);
    if (isReady(primary) || isHopeless) finishInitialising(draft, target, primary);
    else waitForPrimary(draft, primary);
    return;
  }
  const problem = routesProblem(draft);
  if (isReady(primary) && problem === null) moveTraffic(draft, target, primary);
  else if (isOvertaken(target, primary) && !isServing(draft)) followTarget(draft, target.current);
  else if (isReady(primary)) waitForRoutes(draft, problem ?? "");
  else waitForPrimary(draft, primary);
}

/** Some traffic has been moved to the primary: the apex Service is the first that is. */
function isServing({ status, snapshot }: Draft): boolean {
  return status.adopting !== undefined && snapshot.services.apex.selects === "primary";
}

function isReady(primary: Primary): boolean {
  return primary.isRolledOut && primary.readyReplicas >= Math.max(1, primary.desiredReplicas);
}

/** As long as the target serves, what it runs now is as good as what it ran when the primary was made. */
function isOvertaken(
  target: Target,
  primary: Primary,
): target is Target & { readonly current: NonNullable<Target["current"]> } {
  return target.current !== null && target.current.hash !== primary.revision;
}

function followTarget(draft: Draft, current: NonNullable<Target["current"]>): void {
  draft.act({ kind: "promotePrimary", revision: current.hash });
  draft.patchStatus({ adopting: undefined });
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

function waitForRoutes(draft: Draft, problem: string): void {
  tellNotReady(draft, `The primary is ready. Traffic stays with the target: ${problem}.`);
}

/** One event, however many passes find it so. */
function tellNotReady(draft: Draft, message: string): void {
  if (draft.status.message !== message) record(draft, "PrimaryNotReady", message);
  draft.patchStatus({ message });
}

/** The drain is counted from when all objects are seen to name the primary, not from when that was decided. */
function moveTraffic(draft: Draft, target: Target, primary: Primary): void {
  if (draft.status.adopting === undefined) {
    // In the status before anything moves: a controller that comes back in the middle knows who serves.
    draft.patchStatus({ adopting: { ...revisionOf(target, primary), replicas: primary.desiredReplicas } });
    draft.lookAgainAfter(0);
    return;
  }
  if (isMoved(draft)) {
    beginDrain(draft);
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

/** What the primary has. */
function revisionOf(target: Target, primary: Primary): RevisionRef {
  return { revision: primary.revision ?? target.current?.hash ?? "", images: primary.images };
}

function isMoved(draft: Draft): boolean {
  const { routing, services } = draft.snapshot;
  const isInSync = routing.kind === "present" && routing.inSync;
  return isInSync && isAllWithPrimary(draft) && services.apex.selects === "primary";
}

function waitForPrimary(draft: Draft, primary: Primary): void {
  const reason = primary.notReadyReason ?? "its pods are starting";
  const who = isServing(draft) ? "Traffic has moved to it already" : "The target serves";
  const limitMs = deadlineMs(draft);
  if (draft.nowMs < limitMs) {
    draft.patchStatus({ message: `Waiting for the primary: ${reason}. ${who}.` });
    draft.lookAgainAt(limitMs);
    return;
  }
  const { progressDeadline } = draft.snapshot.rollout.spec;
  tellNotReady(draft, `The primary is not ready after ${progressDeadline}: ${reason}. ${who}.`);
}

/** Until when the primary is to be ready. */
function deadlineMs({ snapshot, nowMs }: Draft): number {
  const { metadata, spec } = snapshot.rollout;
  const startedMs = parseTime(metadata.creationTimestamp ?? isoTime(nowMs));
  return startedMs + (parseDuration(spec.progressDeadline) ?? 0);
}

/** A primary that does not come up with what it served at first leaves it to a canary to bring what the target has got. */
function finishInitialising(draft: Draft, target: Target, primary: Primary): void {
  // The drain of the target is over: what was seen of it would be kept for as long as nothing is released.
  draft.seen = null;
  if (target.desiredReplicas > 0 && isReady(primary)) draft.act({ kind: "scaleTarget", replicas: 0 });
  const { revision, images } = revisionOf(target, primary);
  draft.patchStatus({
    phase: "Initialized",
    adopting: undefined,
    trafficMovedAt: undefined,
    promoted: { revision, images, at: isoTime(draft.nowMs), replicas: primary.desiredReplicas },
    revision,
    message: `${imageText({ revision, images })} serves. A change of the target's pod template starts a canary.`,
  });
  announce(draft, null, {
    reason: "Initialized",
    title: `${imageText({ revision, images })} serves from ${primary.readyReplicas} primary pods`,
    text: isReady(primary)
      ? "Traffic has moved to the primary without downtime, and the target is scaled to 0."
      : `Traffic has moved to the primary, and not all of its pods are ready any more: ${primary.notReadyReason ?? "they are starting"}. What the target has got since is released as a canary.`,
    transition: `initialized-${draft.snapshot.rollout.metadata.uid ?? ""}`,
  });
  draft.lookAgainAfter(0);
}
