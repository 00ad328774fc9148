import type { OutcomeReason } from "../api/reasons.ts";
import { reservedMatchOf } from "../api/reserved-match.ts";
import type { RunStatus } from "../api/status.ts";
import { roughDuration } from "../lib/duration.ts";
import { clockTime, isoTime, parseTime } from "../lib/time.ts";
import { announce, imageText, record } from "./announce.ts";
import { deadlineOf, neededPods, readyPods } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { isCanaryDrained } from "./draining.ts";
import { endRun } from "./end-run.ts";
import { followPods, isSameTraffic, NO_CANARY, trafficOf } from "./repair.ts";
import { rollBack } from "./rolling-back.ts";
import { promotionWeight } from "./steps.ts";
import { stepText } from "./wording.ts";

/**
 * Gives the primary the analysed template. The canary keeps its share meanwhile (blue/green: gets everything, at once,
 * before the primary is touched), and the primary surges, so that capacity only grows.
 */
export function startPromotion(draft: Draft, run: RunStatus): void {
  const weight = weightWhilePromoting(draft, run);
  const next = draft.patchRun(run, {
    stage: "Promoting",
    stageSince: isoTime(draft.nowMs),
    weight,
    maxWeight: Math.max(run.maxWeight, weight),
    shadowPercent: 0,
    pause: undefined,
    awaitingApprovalSince: undefined,
    gates: undefined,
  });
  const { routing, primary } = draft.snapshot;
  const traffic = trafficOf(next);
  if (routing.kind === "missing" || !isSameTraffic(routing.traffic, traffic))
    draft.act({ kind: "setTraffic", traffic });
  if (primary !== null) draft.act({ kind: "promotePrimary", revision: run.revision });
  draft.patchStatus({
    phase: "Promoting",
    canaryWeight: weight,
    step: stepText(next),
    message: `The primary is taking over ${imageText(run)}.`,
  });
  announce(draft, next, {
    reason: "PromotionStarted",
    title: `${imageText(run)} is being promoted`,
    text: `${meanwhileText(run, next)} The primary's ${run.primaryReplicas} pods take it over one by one.`,
    transition: "promoting",
  });
  draft.lookAgainAfter(deadlineOf(run));
}

/** All at once only onto a canary that can carry all: asked to promote without, the primary takes over under its traffic. */
function weightWhilePromoting(draft: Draft, run: RunStatus): number {
  const weight = promotionWeight(run.spec);
  if (weight === null || readyPods(draft, run) < neededPods(draft, run, weight)) return run.weight;
  return weight;
}

/** Where requests go until the primary is ready. */
function meanwhileText(before: RunStatus, run: RunStatus): string {
  if (run.weight > before.weight)
    return `All requests are switched to the ${run.canaryReplicas} canary pods at once.`;
  if (run.weight > 0) return `The canary keeps ${run.weight} % of requests until they are taken over.`;
  if (reservedMatchOf(run.spec)?.canary.length) return "Requests that match stay with the canary meanwhile.";
  return "All requests stay with the primary.";
}

/** Waits until the primary runs the analysed template, at most progressDeadline; then all traffic goes to it. */
export function promoting(draft: Draft, run: RunStatus): void {
  const { primary } = draft.snapshot;
  const deadlineMs = parseTime(run.stageSince) + deadlineOf(run);
  const isDone =
    primary?.revision === run.revision && primary.isRolledOut && primary.readyReplicas >= run.primaryReplicas;
  if (isDone) {
    leavePromoting(draft, run);
    return;
  }
  const waitsFor =
    primary === null ? "the primary is gone" : (primary.notReadyReason ?? "its pods are starting");
  if (draft.nowMs >= deadlineMs) {
    rollBack(draft, run, {
      result: "Failed",
      reason: "PromotionFailed",
      message: `The primary was not ready with ${imageText(run)} after ${run.spec.progressDeadline}: ${waitsFor}.`,
    });
    return;
  }
  keepCanaryServing(draft, run);
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
function keepCanaryServing(draft: Draft, run: RunStatus): void {
  const isReady = readyPods(draft, run) > 0;
  if (run.weight === 0 || isReady) {
    followPods(draft, run, isReady);
    return;
  }
  draft.act({ kind: "setTraffic", traffic: NO_CANARY });
  draft.patchRun(run, { weight: 0 });
  draft.patchStatus({ canaryWeight: 0 });
  const message = "The canary has no ready pod left; all requests go to the primary while it takes over.";
  record(draft, "CanaryLost", message);
}

function leavePromoting(draft: Draft, run: RunStatus): void {
  draft.act({ kind: "setTraffic", traffic: NO_CANARY });
  draft.patchRun(run, { stage: "Finalising", stageSince: isoTime(draft.nowMs), weight: 0 });
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
