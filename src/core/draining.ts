import type { RunStatus } from "../api/status.ts";
import { roughDuration } from "../lib/duration.ts";
import { isoTimeMs, parseTime } from "../lib/time.ts";
import { record } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { type Drain, drainOf, drainOfRun, longestDrainMs, watchIntervalMs } from "./drain.ts";
import {
  isAllWithPrimary,
  isCanaryGiven,
  isSameTraffic,
  NO_CANARY,
  repairRoutes,
  routesProblem,
  trafficOf,
} from "./repair.ts";
import { silenceOf } from "./silence.ts";
import type { Target } from "./snapshot.ts";

/** Whether a write that is under way has come to pass is looked at again after so long. */
const UNKNOWN_WRITES_MS = 1_000;

/** Where routes may have been written that the status does not know of, what drains is given its whole time once more. */
export function drainAnew(draft: Draft): void {
  if (draft.snapshot.isDrainKnown) return;
  const { run, trafficMovedAt } = draft.status;
  if (run?.drainingSince !== undefined) draft.patchRun(run, { drainingSince: undefined });
  if (trafficMovedAt !== undefined) beginDrain(draft);
}

/** Whether the canary's pods may go. Weight 0 is put right as long as they are there, and routes that are gone are made again. */
export function isCanaryDrained(draft: Draft, run: RunStatus): boolean {
  const isGiven = isCanaryGiven(draft);
  // What is not ours to put right is waited for no longer than the drain takes.
  const isHopeless = !isGiven && routesProblem(draft) !== null;
  if (isAllWithPrimary(draft) || isHopeless) {
    return hasNoPods(draft) || isRunDrained(draft, run, "the canary's pods");
  }
  if (isGiven) draft.act({ kind: "setTraffic", traffic: NO_CANARY });
  else repairRoutes(draft, NO_CANARY);
  draft.patchRun(run, { weight: 0, drainingSince: undefined });
  draft.patchStatus({ canaryWeight: 0 });
  return false;
}

/** They went before this process came, or others took them: there is nobody left to wait for. */
function hasNoPods({ snapshot: { target } }: Draft): boolean {
  return target !== null && target.desiredReplicas === 0 && target.replicas === 0;
}

/**
 * At rest the target's pods go. Where the routes were gone or others' (they have just been put right), requests may reach
 * them, and those that it is given a moment later: they go after a drain.
 */
export function letTargetGo(draft: Draft, target: Target): void {
  if (target.desiredReplicas === 0) rememberRepair(draft);
  else if (isUnused(draft)) draft.act({ kind: "scaleTarget", replicas: 0 });
}

/** Counted from now; between runs. */
export function beginDrain(draft: Draft): void {
  draft.patchStatus({ trafficMovedAt: isoTimeMs(draft.nowMs) });
  draft.lookAgainAfter(draft.settings.drainMs);
}

/** As decided in this pass, which may be later than the status that was read says. */
export function drainAtRest({ snapshot, status }: Draft): Drain | null {
  return drainOf({ ...snapshot.rollout, status });
}

function rememberRepair(draft: Draft): void {
  const { trafficMovedAt } = draft.status;
  if (!isAllWithPrimary(draft) && routesProblem(draft) === null) {
    beginDrain(draft);
    return;
  }
  if (trafficMovedAt === undefined) return;
  const untilMs = parseTime(trafficMovedAt) + draft.settings.drainMs;
  if (draft.nowMs >= untilMs) draft.patchStatus({ trafficMovedAt: undefined });
  else draft.lookAgainAt(untilMs);
}

function isUnused(draft: Draft): boolean {
  const isWithPrimary = isAllWithPrimary(draft);
  const { trafficMovedAt } = draft.status;
  if (isWithPrimary && trafficMovedAt === undefined && draft.snapshot.isDrainKnown) return true;
  if (trafficMovedAt === undefined || (!isWithPrimary && routesProblem(draft) === null)) {
    beginDrain(draft);
    return false;
  }
  const drain = drainAtRest(draft);
  if (drain !== null && !isDrained(draft, drain, "the target's pods")) return false;
  draft.seen = null;
  draft.patchStatus({ trafficMovedAt: undefined });
  return true;
}

/** Whether the primary may be given another template: it has no requests, as far as anybody sees. */
export function isPrimaryIdle(draft: Draft, run: RunStatus): boolean {
  if (isShifted(draft, run)) return isRunDrained(draft, run, "the primary's pods");
  if (run.drainingSince !== undefined) draft.patchRun(run, { drainingSince: undefined });
  return false;
}

/** The routes give everybody to the canary who is to be with it. */
export function isShifted({ snapshot: { routing } }: Draft, run: RunStatus): boolean {
  return (
    routing.kind === "present" &&
    routing.inSync &&
    routing.uneven === undefined &&
    isSameTraffic(routing.traffic, trafficOf(run))
  );
}

/** The drain is counted from when the routing objects are seen to say it, not from when it was decided. */
function isRunDrained(draft: Draft, run: RunStatus, pods: string): boolean {
  const drain = drainOfRun(run) ?? drainOfRun(draft.patchRun(run, { drainingSince: isoTimeMs(draft.nowMs) }));
  return drain !== null && isDrained(draft, drain, pods);
}

/**
 * Whether the pods may go; when not, the draft looks again. They have drainMs at least. After that no request must be
 * seen to reach them, for drainMaxMs at most, so that nothing waits for ever. Where nobody knows (the metrics source does
 * not answer, there is no traffic at all) the time alone decides.
 */
export function isDrained(draft: Draft, drain: Drain, pods: string): boolean {
  if (!areWritesOver(draft)) return false;
  const { settings } = draft;
  const { nowMs } = draft.snapshot;
  const leastMs = drain.sinceMs + settings.drainMs;
  if (nowMs < leastMs) {
    draft.lookAgainAt(leastMs);
    return false;
  }
  if (drain.isShared) return true;
  const state = silenceOf(draft.seen, drain);
  if (state.kind === "over") return true;
  const mostMs = drain.sinceMs + longestDrainMs(settings);
  if (nowMs >= mostMs) {
    if (state.kind === "busy") tellLate(draft, drain, `${pods} go although ${state.text}`);
    return true;
  }
  const intervalMs = watchIntervalMs(draft.snapshot.rollout);
  draft.lookAgainAt(Math.min(mostMs, (Math.floor(nowMs / intervalMs) + 1) * intervalMs));
  return false;
}

/** False: the routes may say something else in a moment, or do so already. The draft looks again. */
export function areWritesOver(draft: Draft): boolean {
  const { areWritesKnown } = draft.snapshot;
  if (!areWritesKnown) draft.lookAgainAfter(UNKNOWN_WRITES_MS);
  return areWritesKnown;
}

function tellLate(draft: Draft, drain: Drain, what: string): void {
  const waited = roughDuration(draft.nowMs - drain.sinceMs);
  record(
    draft,
    "DrainTimedOut",
    `After ${waited} ${what}. Something calls them past the VirtualService, or a proxy has not learnt of it: see istioctl proxy-status.`,
  );
}
