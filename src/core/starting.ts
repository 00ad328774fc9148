import type { RunStatus } from "../api/status.ts";
import { clockTime, isoTime, parseTime } from "../lib/time.ts";
import { announce, imageText } from "./announce.ts";
import { deadlineOf, readyPods } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { isHeldByPerson } from "./pausing.ts";
import { startPromotion } from "./promoting.ts";
import { NO_CANARY, repairRoutes } from "./repair.ts";
import { rollBack } from "./rolling-back.ts";
import { enterShadow, enterStep } from "./weights.ts";

/** More often than this a canary may not lose all its pods. */
const RESTARTS_MAX = 2;

/** Waits at weight 0 until the canary's pods are ready, at most progressDeadline. */
export function starting(draft: Draft, run: RunStatus): void {
  const deadlineMs = parseTime(run.stageSince) + deadlineOf(run);
  const ready = readyPods(draft, run);
  if (ready < run.canaryReplicas && draft.nowMs >= deadlineMs) {
    rollBack(draft, run, {
      result: "Failed",
      reason: "ProgressDeadlineExceeded",
      message: `${ready} of ${run.canaryReplicas} canary pods were ready after ${run.spec.progressDeadline}: ${whyNotReady(draft)}.`,
    });
    return;
  }
  repairRoutes(draft, NO_CANARY);
  if (ready < run.canaryReplicas) {
    draft.lookAgainAt(deadlineMs);
    draft.patchStatus({
      message: `${ready} of ${run.canaryReplicas} canary pods of ${imageText(run)} are ready${because(draft)}; deadline ${clockTime(deadlineMs)} UTC.`,
    });
    return;
  }
  if (isHeldByPerson(draft, run)) return;
  leaveStarting(draft, run);
}

function leaveStarting(draft: Draft, run: RunStatus): void {
  if (run.spec.skipAnalysis || run.promoteRequested !== undefined) startPromotion(draft, run);
  else if (run.spec.shadow !== undefined) enterShadow(draft, run, run.spec.shadow);
  else enterStep(draft, run, 0);
}

/**
 * The canary has no ready pod left while requests are sent to it: weight 0 at once, and back to Starting. Once may be
 * a node that went away; again and again is a release that does not run. Tells whether that ended the pass.
 */
export function retreatWithoutPods(draft: Draft, run: RunStatus): boolean {
  if (readyPods(draft, run) > 0) return false;
  const restarts = (run.restarts ?? 0) + 1;
  const why = `The canary has no ready pod left${because(draft)}.`;
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
    title: `${imageText(run)}: weight back to 0 %`,
    text: `${why} The steps begin again when its pods are ready.`,
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
    awaitingApprovalSince: undefined,
    shortOfPodsSince: undefined,
    approvals: undefined,
  });
  draft.patchStatus({ canaryWeight: 0, message: why });
  return true;
}

function whyNotReady(draft: Draft): string {
  return draft.snapshot.target?.notReadyReason ?? "its pods are not reachable through the canary Service yet";
}

function because(draft: Draft): string {
  const reason = draft.snapshot.target?.notReadyReason ?? null;
  return reason === null ? "" : ` (${reason})`;
}
