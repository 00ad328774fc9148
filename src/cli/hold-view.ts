import { styleText } from "node:util";
import type { RunStatus } from "../api/status.ts";
import { deadlineOf } from "../core/canary.ts";
import { heldSinceMs } from "../core/split.ts";
import { stepsOf } from "../core/steps.ts";
import { placeText } from "../core/wording.ts";
import { parseDuration, roughDuration } from "../lib/duration.ts";
import { moment, parseTime } from "../lib/time.ts";

/** Since when a run is where it is, and for how long: with what is left of every wait that has an end. */
export function holdLines(run: RunStatus, nowMs: number): readonly string[] {
  if (run.pause !== undefined) {
    const by = run.pause.by === undefined ? "" : ` by ${run.pause.by}`;
    const since = moment(parseTime(run.pause.since), nowMs);
    return [`  ${styleText("yellow", `paused${by} since ${since}: ${run.pause.reason}`)}`];
  }
  return [...placeTexts(run, nowMs), ...waitTexts(run, nowMs)].map((text) => styleText("dim", `  ${text}`));
}

/** `at 25 % since 09:03:10 UTC, at least until 09:05:10 UTC (1m10s to go); then it needs approval`. */
function placeTexts(run: RunStatus, nowMs: number): readonly string[] {
  const deadline = () => untilText(parseTime(run.stageSince) + deadlineOf(run), nowMs);
  switch (run.stage) {
    case "Starting":
      return [
        `pods are starting since ${moment(parseTime(run.stageSince), nowMs)}, at most until ${deadline()}`,
      ];
    case "Shadow":
    case "Step": {
      const position = run.positions.at(-1);
      if (position === undefined) return [];
      const since = moment(parseTime(position.since), nowMs);
      const place = run.stage === "Shadow" ? `mirroring ${run.shadowPercent} %` : placeText(run);
      return [`${place} since ${since}, ${holdText(run, nowMs)}${approvalText(run)}`];
    }
    case "Confirming":
    case "Shifting":
    case "Promoting":
    case "Finalising":
    case "RollingBack":
      return [`since ${moment(parseTime(run.stageSince), nowMs)}`];
  }
}

/** Waits that come after the hold. Webhooks and the schedule have lines of their own (gates-view.ts). */
function waitTexts(run: RunStatus, nowMs: number): readonly string[] {
  const { awaitingApprovalSince, shortOfPodsSince } = run;
  if (awaitingApprovalSince !== undefined && !isApproved(run)) {
    const sinceMs = parseTime(awaitingApprovalSince);
    return [`waits for approval since ${moment(sinceMs, nowMs)} (${roughDuration(nowMs - sinceMs)})`];
  }
  if (shortOfPodsSince !== undefined) {
    const endMs = parseTime(shortOfPodsSince) + deadlineOf(run);
    return [`waits for pods at most until ${untilText(endMs, nowMs)}, then it is rolled back`];
  }
  const heldMs = heldSinceMs(run);
  if (!isHolding(run) || heldMs === null || nowMs < heldMs + holdMsOf(run)) return [];
  if (run.verdict?.result !== "inconclusive") return [];
  const endMs = Math.max(heldMs + holdMsOf(run), parseTime(run.stageSince)) + deadlineOf(run);
  const { onInconclusive } = run.spec.analysis;
  return [
    `waits for evidence at most until ${untilText(endMs, nowMs)}, then onInconclusive: ${onInconclusive}`,
  ];
}

function holdText(run: RunStatus, nowMs: number): string {
  const heldMs = heldSinceMs(run);
  if (heldMs === null) return `held for ${roughDuration(holdMsOf(run))} as soon as that is seen`;
  return `at least until ${untilText(heldMs + holdMsOf(run), nowMs)}`;
}

/** `09:05:10 UTC (1m10s to go)`. */
export function untilText(endMs: number, nowMs: number): string {
  return `${moment(endMs, nowMs)} (${endMs > nowMs ? `${roughDuration(endMs - nowMs)} to go` : "over"})`;
}

function isHolding({ stage }: RunStatus): boolean {
  return stage === "Shadow" || stage === "Step";
}

function holdMsOf(run: RunStatus): number {
  if (run.stage === "Shadow") return parseDuration(run.spec.shadow?.duration ?? "0s") ?? 0;
  return stepsOf(run.spec)[run.stepIndex]?.holdMs ?? 0;
}

function approvalText(run: RunStatus): string {
  if (run.stage !== "Step" || stepsOf(run.spec)[run.stepIndex]?.needsApproval !== true) return "";
  const approval = run.approvals?.find(({ step }) => step === run.stepIndex);
  return approval === undefined ? "; then it needs approval" : `; approved by ${approval.by}`;
}

function isApproved(run: RunStatus): boolean {
  return run.approvals?.some(({ step }) => step === run.stepIndex) === true;
}
