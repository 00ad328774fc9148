import type { RolloutSpec } from "../api/spec.ts";
import type { PositionStatus, RunStatus } from "../api/status.ts";
import { assert } from "../lib/assert.ts";
import { clockTime, isoTimeMs } from "../lib/time.ts";
import { announce, imageText, stepText } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { stepsOf } from "./steps.ts";

/** Begins to mirror. The evidence of this position is never counted as live. */
export function enterShadow(draft: Draft, run: RunStatus, shadow: NonNullable<RolloutSpec["shadow"]>): void {
  draft.act({
    kind: "setTraffic",
    traffic: { canaryWeight: 0, shadowPercent: shadow.percent, reserved: false },
  });
  const next = enter(
    draft,
    run,
    { kind: "shadow", index: 0, weight: 0 },
    { stage: "Shadow", shadowPercent: shadow.percent },
  );
  draft.patchStatus({
    message: `Mirroring ${shadow.percent} % of requests to the canary for ${shadow.duration}.`,
  });
  announce(draft, next, {
    reason: "ShadowStarted",
    title: `${imageText(run)} gets shadow traffic`,
    text: `${shadow.percent} % of requests are mirrored to ${run.canaryReplicas} canary pods for ${shadow.duration}; nobody sees their answers.`,
    transition: `shadow-${run.restarts ?? 0}`,
  });
}

/** Gives the canary the weight of a step. The caller has made sure that its pods are ready. */
export function enterStep(draft: Draft, run: RunStatus, index: number): void {
  const step = stepsOf(run.spec)[index];
  assert(step !== undefined, `step ${index} of ${run.steps}`);
  draft.act({
    kind: "setTraffic",
    traffic: { canaryWeight: step.weight, shadowPercent: 0, reserved: false },
  });
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
  draft.patchStatus({
    canaryWeight: step.weight,
    message: `Step ${stepText(next)}: ${step.weight} % of requests, at least until ${until} UTC.`,
  });
  announce(draft, next, {
    reason: "WeightChanged",
    title: `${imageText(run)} gets ${step.weight} % of requests`,
    text: `Step ${stepText(next)}, at least until ${until} UTC. ${run.verdict?.reason ?? ""}`.trim(),
    transition: `step-${index}-${run.restarts ?? 0}`,
  });
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
  });
  draft.patchStatus({ phase: "Progressing", step: stepText(next), verdict: "inconclusive" });
  draft.lookAgainAfter(0);
  return next;
}
