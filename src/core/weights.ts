import type { RolloutSpec } from "../api/spec.ts";
import type { PositionStatus, RunStatus } from "../api/status.ts";
import { assert } from "../lib/assert.ts";
import { clockTime, isoTimeMs } from "../lib/time.ts";
import { type Announcement, announce, imageText } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { trafficOf } from "./repair.ts";
import { stepsOf, strategyOf } from "./steps.ts";
import { mirroredText, stepText, where } from "./wording.ts";

/** Begins to mirror. The evidence of this position is never counted as live. */
export function enterShadow(draft: Draft, run: RunStatus, shadow: NonNullable<RolloutSpec["shadow"]>): void {
  const next = enter(
    draft,
    run,
    { kind: "shadow", index: 0, weight: 0 },
    { stage: "Shadow", shadowPercent: shadow.percent },
  );
  draft.patchStatus({ message: `${where(next)} for ${shadow.duration}.` });
  announce(draft, next, {
    reason: "ShadowStarted",
    title: `${imageText(run)} gets shadow traffic`,
    text: `${mirroredText(next)} are mirrored to ${run.canaryReplicas} canary pods for ${shadow.duration}; nobody sees their answers.`,
    transition: `shadow-${run.restarts ?? 0}`,
  });
}

/** Gives the canary what a step gives it. The caller has made sure that its pods are ready. */
export function enterStep(draft: Draft, run: RunStatus, index: number): void {
  const step = stepsOf(run.spec)[index];
  assert(step !== undefined, `step ${index} of ${run.steps}`);
  const next = enter(
    draft,
    run,
    { kind: "step", index, weight: step.weight },
    {
      stage: "Step",
      stepIndex: index,
      weight: step.weight,
      maxWeight: Math.max(run.maxWeight, step.weight),
      shadowPercent: 0,
    },
  );
  const until = clockTime(draft.nowMs + step.holdMs);
  draft.patchStatus({ message: `${where(next)}, at least until ${until} UTC.` });
  const { reason, title, text } = whatBegins(next, until);
  announce(draft, next, {
    reason,
    title,
    text: `${text} ${run.verdict?.reason ?? ""}`.trim(),
    transition: `step-${index}-${run.restarts ?? 0}`,
  });
}

function whatBegins(run: RunStatus, until: string): Pick<Announcement, "reason" | "title" | "text"> {
  const image = imageText(run);
  switch (strategyOf(run.spec)) {
    case "canary":
      return {
        reason: "WeightChanged",
        title: `${image} gets ${run.weight} % of requests`,
        text: `Step ${stepText(run)}, at least until ${until} UTC.`,
      };
    case "ab":
      return {
        reason: "MatchRouted",
        title: `${image} is in its A/B test`,
        text: `Requests that match reach it, all others the primary, at least until ${until} UTC.`,
      };
    case "blueGreen":
      return {
        reason: "MatchRouted",
        title: `${image} is in its preview`,
        text: `Requests that match reach it, all others the primary, at least until ${until} UTC; then all are switched at once.`,
      };
  }
}

function enter(
  draft: Draft,
  run: RunStatus,
  position: Omit<PositionStatus, "since">,
  change: Partial<RunStatus>,
): RunStatus {
  const since = isoTimeMs(draft.nowMs);
  const next = draft.patchRun(run, {
    ...change,
    stageSince: since,
    positions: [...run.positions, { ...position, since }],
    verdict: undefined,
    evidence: undefined,
    ledger: undefined,
    pause: undefined,
    awaitingApprovalSince: undefined,
    shortOfPodsSince: undefined,
    gates: undefined,
    split: undefined,
  });
  draft.act({ kind: "setTraffic", traffic: trafficOf(next) });
  draft.patchStatus({
    phase: "Progressing",
    canaryWeight: next.weight,
    step: stepText(next),
    verdict: "inconclusive",
  });
  draft.lookAgainAfter(0);
  return next;
}
