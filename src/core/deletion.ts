import { FINALIZER } from "../api/names.ts";
import { parseDuration } from "../lib/duration.ts";
import { parseTime } from "../lib/time.ts";
import { imageText, record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { longestDrainMs } from "./drain.ts";
import { areWritesOver, beginDrain, drainAtRest, isDrained } from "./draining.ts";
import { servedAtRest } from "./remake-primary.ts";
import {
  giveTrafficBack,
  isBySubset,
  isCanaryGiven,
  NO_CANARY,
  repairRoutes,
  repairServices,
} from "./repair.ts";
import type { Primary, Target } from "./snapshot.ts";

/** `kubectl replace` takes it away, and the service with it when the Rollout is deleted: nobody would hand it back. */
export function keepFinalizer(draft: Draft): void {
  const { finalizers } = draft.snapshot.rollout.metadata;
  if (!finalizers?.includes(FINALIZER)) draft.act({ kind: "addFinalizer" });
}

/**
 * The Rollout is being deleted: the service goes back to the target without downtime. The primary serves until the
 * target has as many ready pods, then the apex Service points at the target, the routes go, and after a drain the
 * primary goes:
 *
 *   canary weight 0 -> target up and ready -> apex to target, routes away -> drain -> primary, Services, finalizer away
 *
 * The drain is over when no request is seen to reach the primary any more. With subsets it is the routes that keep requests
 * from the primary: they go after its pods.
 */
export function handBack(draft: Draft): void {
  const { rollout, isObserved, target, primary } = draft.snapshot;
  for (const command of draft.snapshot.commands) draft.obeyed(command.name);
  if (!rollout.metadata.finalizers?.includes(FINALIZER)) return;
  if (target !== null && primary !== null) {
    handOver(draft, target, primary);
    return;
  }
  // Nobody comes back afterwards for what a write does that is still under way.
  if (!areWritesOver(draft)) return;
  // Nothing can take over (the namespace may be going), or nothing serves: what belongs to others is theirs again.
  if (isObserved) giveAllBack(draft, target);
  release(draft);
}

function handOver(draft: Draft, target: Target, primary: Primary): void {
  // A run in this phase is not over: it is ended by the take-over.
  const isGivenBack = draft.status.phase === "Finalising" && draft.status.run === undefined;
  if (isGivenBack) {
    finish(draft, primary);
    return;
  }
  if (isCanaryGiven(draft)) draft.act({ kind: "setTraffic", traffic: NO_CANARY });
  if (!isUp(draft, target, primary)) waitForTarget(draft, target, primary);
  else if (areWritesOver(draft)) takeOver(draft, target, primary);
}

/** Pods that are ready and are to stay. */
function isUp(draft: Draft, target: Target, primary: Primary): boolean {
  return Math.min(readyPods(target), target.desiredReplicas) >= enoughPods(draft, target, primary);
}

/** As many as the primary has; when the deadline has passed, all that somebody (an autoscaler?) lets the target have. */
function enoughPods(draft: Draft, target: Target, primary: Primary): number {
  const wanted = podsOf(primary);
  return draft.nowMs < deadlineMs(draft) ? wanted : Math.max(1, Math.min(wanted, target.desiredReplicas));
}

function takeOver(draft: Draft, target: Target, primary: Primary): void {
  if (isBySubset(draft)) draft.act({ kind: "pointApex", side: "target" });
  else giveTrafficBack(draft);
  const [ready, wanted] = [readyPods(target), podsOf(primary)];
  const fewer =
    ready < wanted ? ` with ${ready} pods (the primary has ${wanted}; no more were to be had)` : "";
  const message = `Deleting: the target serves${fewer}; the primary goes when no request is seen to reach it any more.`;
  if (ready < wanted) record(draft, "HandingBack", message);
  draft.patchStatus({
    trafficMovedAt: undefined,
    phase: "Finalising",
    run: undefined,
    canaryWeight: 0,
    step: undefined,
    message,
  });
}

/** It may take long, and never come to pass: whatever the target has cannot start. */
function waitForTarget(draft: Draft, target: Target, primary: Primary): void {
  const isFirst = draft.status.run !== undefined || !draft.status.message?.startsWith("Deleting");
  const [ready, wanted] = [readyPods(target), podsOf(primary)];
  // Whoever takes pods away again (an autoscaler, every 15 s) would do so for ever: more are asked for when these are ready.
  const isAskedFor = isFirst || ready >= target.desiredReplicas;
  if (isAskedFor && target.desiredReplicas < wanted) draft.act({ kind: "scaleTarget", replicas: wanted });
  const { current } = target;
  const what = current === null ? "the target" : imageText({ ...current, revision: current.hash });
  const why = target.notReadyReason === null ? "" : ` (${target.notReadyReason})`;
  const message = `Deleting: ${ready} of ${wanted} pods of ${what} are ready to take over${why}; the primary serves until then.`;
  if (isFirst) record(draft, "HandingBack", message);
  keepServing(draft);
  if (draft.nowMs < deadlineMs(draft)) draft.lookAgainAt(deadlineMs(draft));
  // A run may have been in its last phase, which says of a Rollout without one that all is given back.
  draft.patchStatus({ phase: "Waiting", message, run: undefined, canaryWeight: 0, step: undefined });
}

function readyPods(target: Target): number {
  return target.current?.readyReplicas ?? 0;
}

function podsOf(primary: Primary): number {
  return Math.max(1, primary.desiredReplicas);
}

/** Until when the target is to have as many pods as the primary. */
function deadlineMs({ snapshot, nowMs }: Draft): number {
  const { metadata, spec } = snapshot.rollout;
  const { deletionTimestamp } = metadata;
  const sinceMs = deletionTimestamp === undefined ? nowMs : parseTime(deletionTimestamp);
  return sinceMs + (parseDuration(spec.progressDeadline) ?? 0);
}

/**
 * It may take long: what the primary serves by is put right as ever. An apex Service that Git has set back to the target
 * would send requests to pods that are not ready. Routes that a refused spec names are left as they are.
 */
function keepServing(draft: Draft): void {
  repairServices(draft);
  // A run's weight is nobody's mistake.
  if (draft.snapshot.specProblems.length === 0 && !isCanaryGiven(draft)) repairRoutes(draft, NO_CANARY);
}

/** Counted from the first pass that finds traffic given back, as every drain. */
function finish(draft: Draft, primary: Primary): void {
  const drain = drainAtRest(draft);
  if (drain === null) {
    beginDrain(draft);
    return;
  }
  if (!isDrained(draft, drain, "the primary's pods")) return;
  if (isBySubset(draft)) {
    if (!arePodsGone(draft, primary, drain.sinceMs)) return;
    draft.act({ kind: "removeRoutes" });
  }
  // The primary last: a pass that is cut short in between finds it, and goes on here.
  draft.act({ kind: "removeServices" }, { kind: "deletePrimary" });
  release(draft);
}

/** Without routes they would get what the host's Service sends them, on their way out. */
function arePodsGone(draft: Draft, primary: Primary, sinceMs: number): boolean {
  if (primary.desiredReplicas === 0 && primary.readyReplicas === 0) return true;
  const mostMs = sinceMs + draft.settings.drainMs + longestDrainMs(draft.settings);
  if (draft.nowMs >= mostMs) return true;
  if (primary.desiredReplicas > 0) draft.act({ kind: "scalePrimary", replicas: 0 });
  draft.lookAgainAt(mostMs);
  return false;
}

/** The host, its routes and its subsets are as they were before, and so are the pods of a target that is there. */
function giveAllBack(draft: Draft, target: Target | null): void {
  const { apex } = draft.snapshot.services;
  const served = servedAtRest(draft);
  if (target?.desiredReplicas === 0 && served !== undefined)
    draft.act({ kind: "scaleTarget", replicas: Math.max(1, served.replicas ?? 1) });
  // A host that was deleted with the target is not made again.
  if (target !== null || apex.exists) draft.act({ kind: "pointApex", side: "target" });
  draft.act({ kind: "removeRoutes" }, { kind: "removeServices" });
}

function release(draft: Draft): void {
  draft.actFinally({ kind: "removeFinalizer" });
}
