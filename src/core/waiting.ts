import type { RunStatus } from "../api/status.ts";
import { parseDuration } from "../lib/duration.ts";
import { capital } from "../lib/text.ts";
import { clockTime, isoTime, parseTime } from "../lib/time.ts";
import type { Verdict } from "../verdict/judge.ts";
import { announce, imageText, record } from "./announce.ts";
import { deadlineOf, WHOLE } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { isShortOfPods } from "./enough-pods.ts";
import { PROMOTION_TYPES, RAISE_TYPES } from "./gates.ts";
import { withinSchedule } from "./gates-schedule.ts";
import { throughGates } from "./gates-waiting.ts";
import { isHeldByPerson, pause, tellResumed } from "./pausing.ts";
import { rollBack } from "./rolling-back.ts";
import { startShift } from "./shifting.ts";
import { isSkipped } from "./skipping.ts";
import { heldSinceMs, splitText } from "./split.ts";
import { stepsOf } from "./steps.ts";
import { enterStep } from "./weights.ts";
import { placeText, stepName, where } from "./wording.ts";

/**
 * Raising the weight waits, in this order, for: a person, the weight to be seen, the hold, the evidence, the pods, an
 * approval, the schedule, webhooks. Who skips a step waits for pods, schedule and webhooks alone.
 */
export function goOnOrWait(draft: Draft, run: RunStatus, verdict: Verdict): void {
  const hold = holdOf(run);
  const heldMs = heldSinceMs(run);
  if (isHeldByPerson(draft, run)) return;
  if (isSkipped(run)) {
    if (!isShortOfPods(draft, run, nextShare(run))) goOn(draft, run);
    return;
  }
  if (heldMs === null) {
    waitForSplit(draft, run);
    return;
  }
  const holdEndMs = heldMs + hold.ms;
  if (draft.nowMs < holdEndMs) {
    draft.lookAgainAt(holdEndMs);
    draft.patchStatus({
      phase: "Progressing",
      message: `${where(run)}, at least until ${clockTime(holdEndMs)} UTC.`,
    });
    return;
  }
  if (verdict.result === "inconclusive") {
    waitForEvidence(draft, run, verdict, Math.max(holdEndMs, parseTime(run.stageSince)) + deadlineOf(run));
    return;
  }
  // A pause for a webhook has nothing to do with evidence.
  const isOver = run.pause !== undefined && run.pause.kind !== "GateTimedOut";
  const unpaused = isOver ? resumed(draft, run) : run;
  if (isShortOfPods(draft, unpaused, nextShare(unpaused))) return;
  if (hold.needsApproval && !isApproved(unpaused)) waitForApproval(draft, unpaused, verdict);
  else goOn(draft, unpaused);
}

function waitForSplit(draft: Draft, run: RunStatus): void {
  const seen = run.split === undefined ? "" : `; ${splitText(run.split)} were seen`;
  const limitMs = parseTime(run.positions.at(-1)?.since ?? run.stageSince) + draft.settings.splitWaitMs;
  draft.patchStatus({
    phase: "Progressing",
    message: `${where(run)} asked for${seen}. The hold begins when the weight is seen, at the latest ${clockTime(limitMs)} UTC.`,
  });
}

/** Unless the schedule or a webhook holds it; tells whether it went on. */
function goOn(draft: Draft, run: RunStatus): boolean {
  const next = nextStep(run);
  const isPromotion = next >= run.steps;
  const allowed = withinSchedule(draft, run);
  if (allowed === null) return false;
  const agreed = throughGates(draft, allowed, isPromotion ? PROMOTION_TYPES : RAISE_TYPES);
  if (agreed === null) return false;
  if (isPromotion) startShift(draft, agreed);
  else enterStep(draft, agreed, next);
  return true;
}

/** Index of the step that comes next; after the last one it is that of none. */
function nextStep(run: RunStatus): number {
  return run.stage === "Shadow" ? 0 : run.stepIndex + 1;
}

/** The share of requests that the canary gets next. */
function nextShare(run: RunStatus): number {
  return stepsOf(run.spec)[nextStep(run)]?.weight ?? WHOLE;
}

function holdOf(run: RunStatus): { readonly ms: number; readonly needsApproval: boolean } {
  if (run.stage === "Shadow")
    return { ms: parseDuration(run.spec.shadow?.duration ?? "0s") ?? 0, needsApproval: false };
  const step = stepsOf(run.spec)[run.stepIndex];
  return { ms: step?.holdMs ?? 0, needsApproval: step?.needsApproval ?? false };
}

function waitForEvidence(draft: Draft, run: RunStatus, verdict: Verdict, deadlineMs: number): void {
  const missing = `${where(run)}; evidence does not suffice: ${verdict.reason}`;
  if (run.pause !== undefined) {
    draft.patchStatus({
      phase: "Progressing",
      message: `${missing} Paused until it does, or until somebody decides.`,
    });
    return;
  }
  if (draft.nowMs < deadlineMs) {
    draft.lookAgainAt(deadlineMs);
    draft.patchStatus({
      phase: "Progressing",
      message: `${missing} Waiting until ${clockTime(deadlineMs)} UTC.`,
    });
    return;
  }
  settleInconclusive(draft, run, verdict);
}

function settleInconclusive(draft: Draft, run: RunStatus, verdict: Verdict): void {
  const missing = verdict.metric === null ? verdict.reason : `${verdict.metric}: ${verdict.reason}`;
  const why = `evidence did not suffice within ${run.spec.progressDeadline} after the hold: ${missing}`;
  switch (run.spec.analysis.onInconclusive) {
    case "pause":
      pause(draft, run, { kind: "Inconclusive", reason: `inconclusive: ${missing}` });
      draft.patchStatus({ phase: "Progressing", message: `${where(run)}; paused: ${why}` });
      break;
    case "rollback":
      rollBack(draft, run, { result: "Failed", reason: "Inconclusive", message: capital(why) });
      break;
    case "promote":
      if (goOn(draft, run))
        record(draft, "InconclusiveAccepted", `${capital(why)} Going on, as onInconclusive: promote says.`);
      break;
  }
}

function resumed(draft: Draft, run: RunStatus): RunStatus {
  const next = draft.patchRun(run, { pause: undefined });
  tellResumed(draft, next, "Evidence suffices now.");
  return next;
}

function waitForApproval(draft: Draft, run: RunStatus, verdict: Verdict): void {
  const isLast = run.stepIndex + 1 >= run.steps;
  const { name } = draft.snapshot.rollout.metadata;
  draft.patchStatus({
    phase: isLast ? "WaitingPromotion" : "Waiting",
    message: `${where(run)}; evidence is good, waiting for approval ${isLast ? "of the promotion" : "of the next step"}.`,
  });
  if (run.awaitingApprovalSince !== undefined) return;
  const next = draft.patchRun(run, { awaitingApprovalSince: isoTime(draft.nowMs) });
  announce(draft, next, {
    reason: "ApprovalNeeded",
    title: `${imageText(run)} waits for approval ${placeText(run)}`,
    text: `${stepName(run)} has held and its evidence is good: ${verdict.reason}`,
    next: `kubectl annotate rollout ${name} sluice.dev/approve="why"`,
    transition: `approval-${run.stepIndex}-${run.restarts ?? 0}`,
  });
}

function isApproved(run: RunStatus): boolean {
  return run.approvals?.some((approval) => approval.step === run.stepIndex) ?? false;
}
