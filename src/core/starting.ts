import type { RunStatus } from "../api/status.ts";
import { clockTime, isoTime, parseTime } from "../lib/time.ts";
import { announce, imageText } from "./announce.ts";
import { deadlineOf, growthText, provideFor, readyPods } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { withinSchedule } from "./gates-schedule.ts";
import { throughGates } from "./gates-waiting.ts";
import { isHeldByPerson, isHeldByRoutes } from "./pausing.ts";
import { startPromotion } from "./promoting.ts";
import { followPods, NO_CANARY, repairRoutes } from "./repair.ts";
import { rollBack } from "./rolling-back.ts";
import { promotionWeight, stepsOf } from "./steps.ts";
import { enterShadow, enterStep } from "./weights.ts";

/** More often than this a canary may not lose all its pods. */
const RESTARTS_MAX = 2;

/** Waits at weight 0 until the canary's pods are ready, at most progressDeadline. */
export function starting(draft: Draft, current: RunStatus): void {
  const run = withPods(draft, current);
  const ready = readyPods(draft, run);
  if (ready < run.canaryReplicas) {
    waitForPods(draft, run, ready);
    return;
  }
  if (isHeldByPerson(draft, run)) {
    followPods(draft, run, true);
    return;
  }
  repairRoutes(draft, { ...NO_CANARY, reserved: standsReserved(draft) });
  leaveStarting(draft, run);
}

/** With as many pods as what comes first takes; when there are more to come, the deadline runs anew. */
function withPods(draft: Draft, run: RunStatus): RunStatus {
  const provided = provideFor(draft, run, firstShare(run));
  return provided === run ? run : draft.patchRun(provided, { stageSince: isoTime(draft.nowMs) });
}

/** The share of requests that the canary gets first, mirrored ones too. */
function firstShare({ spec, promoteRequested }: RunStatus): number {
  if (spec.skipAnalysis || promoteRequested !== undefined) return promotionWeight(spec) ?? 0;
  return spec.shadow?.percent ?? stepsOf(spec)[0]?.weight ?? 0;
}

function waitForPods(draft: Draft, run: RunStatus, ready: number): void {
  const deadlineMs = parseTime(run.stageSince) + deadlineOf(run);
  if (draft.nowMs >= deadlineMs) {
    rollBack(draft, run, {
      result: "Failed",
      reason: "ProgressDeadlineExceeded",
      message: `${ready} of ${run.canaryReplicas} canary pods were ready after ${run.spec.progressDeadline}: ${whyNotReady(draft)}.`,
    });
    return;
  }
  // One pod that comes and goes does not throw requests that match from side to side.
  followPods(draft, run, ready > 0 && standsReserved(draft));
  draft.lookAgainAt(deadlineMs);
  draft.patchStatus({
    message: `${ready} of ${run.canaryReplicas} canary pods of ${imageText(run)} are ready${because(draft)}${growthText(draft, run)}; deadline ${clockTime(deadlineMs)} UTC.`,
  });
}

function standsReserved({ snapshot }: Draft): boolean {
  return snapshot.routing.kind === "present" && snapshot.routing.traffic.reserved;
}

function leaveStarting(draft: Draft, run: RunStatus): void {
  if (run.promoteRequested !== undefined) {
    startPromotion(draft, run);
    return;
  }
  const allowed = withinSchedule(draft, run);
  if (allowed === null) return;
  if (run.spec.skipAnalysis) {
    startPromotion(draft, allowed);
    return;
  }
  if (isHeldByRoutes(draft, allowed)) return;
  const tested = throughGates(draft, allowed, ["pre-rollout"]);
  if (tested === null) return;
  if (run.spec.shadow !== undefined) {
    enterShadow(draft, tested, run.spec.shadow);
    return;
  }
  const agreed = throughGates(draft, tested, ["confirm-traffic-increase"]);
  if (agreed !== null) enterStep(draft, agreed, 0);
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
    approvals: undefined,
    skip: undefined,
    gates: undefined,
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
