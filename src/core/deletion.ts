import { FINALIZER } from "../api/names.ts";
import { isoTimeMs } from "../lib/time.ts";
import { imageText, record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { drainOf } from "./drain.ts";
import { isDrained } from "./draining.ts";
import { giveTrafficBack, isCanaryGiven, NO_CANARY, repairRoutes, repairServices } from "./repair.ts";
import type { Primary, Target } from "./snapshot.ts";

/**
 * The Rollout is being deleted: the service goes back to the target without downtime. The primary serves until the
 * target has as many ready pods, then the apex Service points at the target, the routes go, and after a drain the
 * primary goes:
 *
 *   canary weight 0 -> target up and ready -> apex to target, routes away -> drain -> primary, Services, finalizer away
 *
 * The drain is over when no request is seen to reach the primary any more.
 */
export function handBack(draft: Draft): void {
  const { rollout, target, primary } = draft.snapshot;
  for (const command of draft.snapshot.commands) draft.obeyed(command.name);
  if (!rollout.metadata.finalizers?.includes(FINALIZER)) return;
  if (target === null || primary === null) {
    // Nothing can take over (the namespace may be going), or there is nothing to hand back.
    if (primary === null && target !== null) giveTrafficBack(draft);
    release(draft);
    return;
  }
  // A run in this phase is not over: it is ended by the take-over.
  const isGivenBack = draft.status.phase === "Finalising" && draft.status.run === undefined;
  if (isGivenBack) finish(draft);
  else takeOver(draft, target, primary);
}

function takeOver(draft: Draft, target: Target, primary: Primary): void {
  const replicas = Math.max(1, primary.desiredReplicas);
  if (isCanaryGiven(draft)) draft.act({ kind: "setTraffic", traffic: NO_CANARY });
  if (target.desiredReplicas < replicas) draft.act({ kind: "scaleTarget", replicas });
  const ready = target.current?.readyReplicas ?? 0;
  if (ready < replicas) {
    const what =
      target.current === null
        ? "the target"
        : imageText({ ...target.current, revision: target.current.hash });
    const message = `Deleting: ${ready} of ${replicas} pods of ${what} are ready to take over; the primary serves until then.`;
    if (draft.status.run !== undefined || !draft.status.message?.startsWith("Deleting"))
      record(draft, "HandingBack", message);
    keepServing(draft);
    // A run may have been in its last phase, which says of a Rollout without one that all is given back.
    draft.patchStatus({ phase: "Waiting", message, run: undefined, canaryWeight: 0, step: undefined });
    return;
  }
  giveTrafficBack(draft);
  draft.patchStatus({
    trafficMovedAt: undefined,
    phase: "Finalising",
    run: undefined,
    canaryWeight: 0,
    step: undefined,
    message: "Deleting: the target serves; the primary goes when no request is seen to reach it any more.",
  });
}

/**
 * It may take long: what the primary serves by is put right as ever, where the spec can still be read. An apex Service that
 * Git has set back to the target would send requests to pods that are not ready.
 */
function keepServing(draft: Draft): void {
  if (draft.snapshot.specProblems.length > 0) return;
  repairServices(draft);
  // A run's weight is nobody's mistake.
  if (!isCanaryGiven(draft)) repairRoutes(draft, NO_CANARY);
}

/** Counted from the first pass that finds traffic given back, as every drain. */
function finish(draft: Draft): void {
  const drain = drainOf(draft.snapshot.rollout);
  if (drain === null) {
    draft.patchStatus({ trafficMovedAt: isoTimeMs(draft.nowMs) });
    draft.lookAgainAfter(draft.settings.drainMs);
    return;
  }
  if (!isDrained(draft, drain, "the primary's pods")) return;
  // The primary last: a pass that is cut short in between finds it, and goes on here.
  draft.act({ kind: "removeServices" }, { kind: "deletePrimary" });
  release(draft);
}

function release(draft: Draft): void {
  draft.actFinally({ kind: "removeFinalizer" });
}
