import type { OutcomeReason } from "../api/reasons.ts";
import type { RunStatus } from "../api/status.ts";
import { roughDuration } from "../lib/duration.ts";
import { clockTime, isoTime, parseTime } from "../lib/time.ts";
import { announce, imageText, record } from "./announce.ts";
import { canServe, deadlineOf } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { isCanaryDrained, isShifted } from "./draining.ts";
import { endRun } from "./end-run.ts";
import { followPods, NO_CANARY } from "./repair.ts";
import { retreatWithoutPods } from "./retreat.ts";
import { rollBack } from "./rolling-back.ts";
import { awaitSettled, haveSettled } from "./settling.ts";

/** The primary, which nobody is seen to call any more, gets the analysed template. Once it has it, the way is forward. */
export function startTakeOver(draft: Draft, run: RunStatus): void {
  draft.patchRun(run, {
    stage: "Promoting",
    stageSince: isoTime(draft.nowMs),
    drainingSince: undefined,
    readySince: undefined,
  });
  draft.patchStatus({
    message: `The primary is taking over ${imageText(run)}; all requests are with the canary.`,
  });
  draft.lookAgainAfter(0);
}

/** The primary has the analysed template, or is gone and is made from it. */
export function hasTakenOver({ snapshot: { primary } }: Draft, run: RunStatus): boolean {
  return primary === null || primary.revision === run.revision;
}

/**
 * The primary is given the template. It may have got requests again since that was decided: the canary has lost its pods, or
 * somebody has changed the routes. Whole as it is, it is not rolled under them.
 */
export function takeOver(draft: Draft, run: RunStatus): void {
  if (retreatWithoutPods(draft, run)) return;
  if (isShifted(draft, run)) {
    waitForPrimary(draft, run);
    return;
  }
  draft.patchRun(run, { stage: "Shifting", stageSince: isoTime(draft.nowMs) });
  draft.lookAgainAfter(0);
}

/**
 * Waits until the primary runs the analysed template, at most progressDeadline, and until proxies know its pods; then all
 * requests go to it.
 */
export function promoting(draft: Draft, before: RunStatus): void {
  const { primary } = draft.snapshot;
  const isDone =
    primary?.revision === before.revision &&
    primary.isRolledOut &&
    primary.readyReplicas >= before.primaryReplicas;
  if (isDone && haveSettled(draft, before)) {
    leavePromoting(draft, before);
    return;
  }
  if (isDone) {
    awaitSettled(draft, keepCanaryServing(draft, before));
    draft.patchStatus({
      message: `The primary's ${primary.readyReplicas} pods are ready with ${imageText(before)}.`,
    });
    return;
  }
  waitForPrimary(draft, before);
}

function waitForPrimary(draft: Draft, before: RunStatus): void {
  const { primary } = draft.snapshot;
  const deadlineMs = parseTime(before.stageSince) + deadlineOf(before);
  const waitsFor =
    primary === null ? "the primary is gone" : (primary.notReadyReason ?? "its pods are starting");
  if (draft.nowMs >= deadlineMs) {
    rollBack(draft, before, {
      result: "Failed",
      reason: "PromotionFailed",
      message: `The primary was not ready with ${imageText(before)} after ${before.spec.progressDeadline}: ${waitsFor}.`,
    });
    return;
  }
  const run = keepCanaryServing(draft, before);
  if (run.readySince !== undefined) draft.patchRun(run, { readySince: undefined });
  if (primary === null) {
    draft.act(
      { kind: "createPrimary", revision: run.revision, replicas: run.primaryReplicas },
      { kind: "ensureServices" },
    );
  } else if (primary.revision !== run.revision) {
    draft.act({ kind: "promotePrimary", revision: run.revision });
  }
  draft.lookAgainAt(deadlineMs);
  draft.patchStatus({
    message: `The primary is taking over ${imageText(run)}: ${waitsFor}; deadline ${clockTime(deadlineMs)} UTC.`,
  });
}

/** The weight and the routes by match stay, but never on a canary without ready pods. */
function keepCanaryServing(draft: Draft, run: RunStatus): RunStatus {
  const isReady = canServe(draft, run);
  if (run.weight === 0 || isReady) {
    followPods(draft, run, isReady);
    return run;
  }
  draft.act({ kind: "setTraffic", traffic: NO_CANARY });
  draft.patchStatus({ canaryWeight: 0 });
  const message = "The canary has no ready pod left; all requests go to the primary while it takes over.";
  record(draft, "CanaryLost", message);
  return draft.patchRun(run, { weight: 0 });
}

function leavePromoting(draft: Draft, run: RunStatus): void {
  draft.act({ kind: "setTraffic", traffic: NO_CANARY });
  draft.patchRun(run, {
    stage: "Finalising",
    stageSince: isoTime(draft.nowMs),
    weight: 0,
    readySince: undefined,
  });
  draft.patchStatus({
    phase: "Finalising",
    canaryWeight: 0,
    promoted: {
      revision: run.revision,
      images: run.images,
      at: isoTime(draft.nowMs),
      replicas: draft.snapshot.primary?.desiredReplicas ?? run.primaryReplicas,
    },
    message: `${imageText(run)} serves from the primary; the canary is scaled down when no request is seen to reach it any more.`,
  });
}

/** The canary gets nothing any more; its pods go when no request is seen to reach them. */
export function finalise(draft: Draft, run: RunStatus): void {
  if (!isCanaryDrained(draft, run)) return;
  if (draft.snapshot.target?.current?.hash === run.revision) draft.act({ kind: "scaleTarget", replicas: 0 });
  const reason = reasonOf(run);
  const took = roughDuration(draft.nowMs - parseTime(run.startedAt));
  const message = `${imageText(run)} was promoted after ${took}.`;
  announce(draft, run, {
    reason: "Promoted",
    title: `${imageText(run)} promoted`,
    text: `It serves from the primary's ${run.primaryReplicas} pods after ${took}. ${run.verdict?.reason ?? ""}`.trim(),
    transition: "promoted",
  });
  endRun(draft, run, { result: "Succeeded", reason, message });
}

function reasonOf(run: RunStatus): OutcomeReason {
  if (run.promoteRequested !== undefined) return "PromotedByCommand";
  return run.spec.skipAnalysis ? "AnalysisSkipped" : "Promoted";
}
