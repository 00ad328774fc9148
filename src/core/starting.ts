import type { RunStatus } from "../api/status.ts";
import { clockTime, isoTime, parseTime } from "../lib/time.ts";
import { imageText } from "./announce.ts";
import { becauseNotReady, deadlineOf, growthText, provideFor, readyPods, WHOLE } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { withinSchedule } from "./gates-schedule.ts";
import { throughGates } from "./gates-waiting.ts";
import { isHeldByPerson, isHeldByRoutes } from "./pausing.ts";
import { isHeldByPreflight } from "./preflight.ts";
import { followPods, NO_CANARY, repairRoutes } from "./repair.ts";
import { rollBack } from "./rolling-back.ts";
import { awaitSettled, haveSettled } from "./settling.ts";
import { startShift } from "./shifting.ts";
import { stepsOf } from "./steps.ts";
import { enterShadow, enterStep } from "./weights.ts";

/** Waits at weight 0 until the canary's pods are ready, at most progressDeadline. */
export function starting(draft: Draft, current: RunStatus): void {
  const run = withPods(draft, current);
  const ready = readyPods(draft, run);
  if (ready < run.canaryReplicas) {
    waitForPods(draft, withTimeAnew(draft, run), ready);
    return;
  }
  if (!haveSettled(draft, run)) {
    followPods(draft, run, standsReserved(draft));
    awaitSettled(draft, run);
    draft.patchStatus({ message: `${ready} canary pods of ${imageText(run)} are ready.` });
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

/** Pods that are made again, as preflight may have asked for, have their time. */
function withTimeAnew(draft: Draft, run: RunStatus): RunStatus {
  if (run.pause?.kind !== "PreflightBlocked") return run;
  return draft.patchRun(run, { pause: undefined, stageSince: isoTime(draft.nowMs) });
}

/** The share of requests that the canary gets first, mirrored ones too. */
function firstShare({ spec, promoteRequested }: RunStatus): number {
  if (spec.skipAnalysis || promoteRequested !== undefined) return WHOLE;
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
  if (run.readySince !== undefined) draft.patchRun(run, { readySince: undefined });
  // One pod that comes and goes does not throw requests that match from side to side.
  followPods(draft, run, ready > 0 && standsReserved(draft));
  draft.lookAgainAt(deadlineMs);
  draft.patchStatus({
    message: `${ready} of ${run.canaryReplicas} canary pods of ${imageText(run)} are ready${becauseNotReady(draft)}${growthText(draft, run)}; deadline ${clockTime(deadlineMs)} UTC.`,
  });
}

function standsReserved({ snapshot }: Draft): boolean {
  return snapshot.routing.kind === "present" && snapshot.routing.traffic.reserved;
}

function leaveStarting(draft: Draft, run: RunStatus): void {
  // Who promotes does without evidence, and not without pods that can answer.
  if (isHeldByPreflight(draft, run)) return;
  if (run.promoteRequested !== undefined) {
    startShift(draft, run);
    return;
  }
  const allowed = withinSchedule(draft, run);
  if (allowed === null) return;
  if (run.spec.skipAnalysis) {
    startShift(draft, allowed);
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

function whyNotReady(draft: Draft): string {
  return draft.snapshot.target?.notReadyReason ?? "its pods are not reachable through the canary Service yet";
}
