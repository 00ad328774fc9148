import type { RunStatus } from "../api/status.ts";
import { isoTime } from "../lib/time.ts";
import { announce, imageText } from "./announce.ts";
import { becauseNotReady, isUnpinned, readyPods } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { NO_CANARY, repairRoutes, tellUnpinned, trafficOf } from "./repair.ts";
import { rollBack } from "./rolling-back.ts";

/** More often than this a canary may not lose all its pods. */
const RESTARTS_MAX = 2;

/**
 * The canary has no ready pod left while requests are sent to it: weight 0 at once, and back to Starting. Once may be
 * a node that went away; again and again is a release that does not run. Tells whether that ended the pass, as it does where
 * only the pin has to be set again.
 */
export function retreatWithoutPods(draft: Draft, run: RunStatus): boolean {
  if (readyPods(draft, run) > 0) return false;
  if (isUnpinned(draft, run)) {
    tellUnpinned(draft);
    repairRoutes(draft, trafficOf(run));
    draft.lookAgainAfter(0);
    return true;
  }
  const restarts = (run.restarts ?? 0) + 1;
  const why = `The canary has no ready pod left${becauseNotReady(draft)}.`;
  if (restarts > RESTARTS_MAX) {
    rollBack(draft, run, {
      result: "Failed",
      reason: "CanaryUnavailable",
      message: `${why} It is the ${restarts}th time.`,
    });
    return true;
  }
  draft.actAlone({ kind: "setTraffic", traffic: NO_CANARY });
  announce(draft, run, {
    reason: "CanaryRestarted",
    title: `${imageText(run)}: all requests back to the primary`,
    text: `${why} It begins again when its pods are ready.`,
    transition: `restart-${restarts}`,
  });
  draft.judge = null;
  draft.patchRun(run, {
    stage: "Starting",
    stageSince: isoTime(draft.nowMs),
    stepIndex: 0,
    positions: [],
    weight: 0,
    shadowPercent: 0,
    restarts,
    startedAt: run.startedAt,
    verdict: undefined,
    evidence: undefined,
    ledger: undefined,
    split: undefined,
    awaitingApprovalSince: undefined,
    shortOfPodsSince: undefined,
    drainingSince: undefined,
    everyoneSince: undefined,
    readySince: undefined,
    approvals: undefined,
    skip: undefined,
    gates: undefined,
  });
  draft.patchStatus({ canaryWeight: 0, message: why });
  return true;
}
