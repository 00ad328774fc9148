import type { RolloutSpec } from "../api/spec.ts";
import type { RevisionRef, RunStatus } from "../api/status.ts";
import { isoTime } from "../lib/time.ts";
import { announce, imageText } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { withinSchedule } from "./gates-schedule.ts";
import { throughGates } from "./gates-waiting.ts";
import { isHeldByPerson } from "./pausing.ts";
import { NO_CANARY } from "./repair.ts";
import type { Primary } from "./snapshot.ts";
import { stepsOf } from "./steps.ts";
import { planText, stepText } from "./wording.ts";

/** Begins to release a revision, unless webhooks are to confirm that first. */
export function startRun(draft: Draft, found: RevisionRef, primary: Primary): void {
  const { spec } = draft.snapshot.rollout;
  const now = isoTime(draft.nowMs);
  const id = (draft.status.lastRunId ?? 0) + 1;
  const replicas = Math.max(1, primary.desiredReplicas);
  const { promoted } = draft.status;
  const run: RunStatus = {
    id,
    revision: found.revision,
    images: found.images,
    startedAt: now,
    stage: "Confirming",
    stageSince: now,
    stepIndex: 0,
    steps: stepCount(spec),
    positions: [],
    weight: 0,
    maxWeight: 0,
    shadowPercent: 0,
    canaryReplicas: replicas,
    primaryReplicas: replicas,
    ...(promoted === undefined ? {} : { previous: { revision: promoted.revision, images: promoted.images } }),
    spec,
  };
  draft.judge = null;
  draft.patchStatus({
    phase: "Waiting",
    run,
    lastRunId: id,
    rejected: undefined,
    contested: undefined,
    trafficMovedAt: undefined,
    revision: found.revision,
    canaryWeight: 0,
    step: stepText(run),
    verdict: "",
  });
  confirmStart(draft, run);
}

/** Asks whether the run may begin, and begins it at once where nobody is to be asked. */
export function confirmStart(draft: Draft, run: RunStatus): void {
  const { spec } = draft.snapshot.rollout;
  // Until it begins it follows edits: a webhook with a slip in its URL could not be put right otherwise.
  const current = draft.patchRun(run, { spec, steps: stepCount(spec) });
  if (current.promoteRequested !== undefined) {
    begin(draft, current);
    return;
  }
  if (isHeldByPerson(draft, current)) {
    draft.patchStatus({ phase: "Waiting" });
    return;
  }
  const allowed = withinSchedule(draft, current);
  const agreed = allowed === null ? null : throughGates(draft, allowed, ["confirm-rollout"]);
  if (agreed !== null) begin(draft, agreed);
}

function stepCount(spec: RolloutSpec): number {
  return spec.skipAnalysis ? 0 : stepsOf(spec).length;
}

/** The canary Service is pinned to the revision, and its pods are started at weight 0. */
function begin(draft: Draft, confirmed: RunStatus): void {
  const { spec } = confirmed;
  const now = isoTime(draft.nowMs);
  // The primary may have been scaled while the run waited.
  const replicas = Math.max(1, draft.snapshot.primary?.desiredReplicas ?? confirmed.primaryReplicas);
  // After the status: a run that cannot get its pods is there to be aborted, and to meet its deadline.
  draft.actFinally({ kind: "setTraffic", traffic: NO_CANARY });
  draft.actFinally({ kind: "pinCanary", revision: confirmed.revision });
  draft.actFinally({ kind: "scaleTarget", replicas });
  const run = draft.patchRun(confirmed, {
    stage: "Starting",
    stageSince: now,
    startedAt: now,
    canaryReplicas: replicas,
    primaryReplicas: replicas,
    gates: undefined,
  });
  draft.patchStatus({
    phase: "Progressing",
    step: stepText(run),
    message: `Starting ${replicas} canary pods of ${imageText(run)}.`,
  });
  announce(draft, run, {
    reason: "RunStarted",
    title: `${imageText(run)} is being released`,
    text: spec.skipAnalysis
      ? `${replicas} canary pods are starting; skipAnalysis promotes as soon as they are ready.`
      : `${replicas} canary pods are starting; then ${planText(spec)}.`,
    transition: "started",
  });
}
