import type { RevisionRef, RunStatus } from "../api/status.ts";
import { isoTime } from "../lib/time.ts";
import { announce, imageText } from "./announce.ts";
import type { Draft } from "./draft.ts";
import { NO_CANARY } from "./repair.ts";
import type { Primary } from "./snapshot.ts";
import { stepsOf } from "./steps.ts";
import { planText, stepText } from "./wording.ts";

/** Begins to release a revision: the canary Service is pinned to it, and its pods are started at weight 0. */
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
    stage: "Starting",
    stageSince: now,
    stepIndex: 0,
    steps: spec.skipAnalysis ? 0 : stepsOf(spec).length,
    positions: [],
    weight: 0,
    maxWeight: 0,
    shadowPercent: 0,
    canaryReplicas: replicas,
    primaryReplicas: replicas,
    ...(promoted === undefined ? {} : { previous: { revision: promoted.revision, images: promoted.images } }),
    spec,
  };
  draft.act(
    { kind: "setTraffic", traffic: NO_CANARY },
    { kind: "pinCanary", revision: found.revision },
    { kind: "scaleTarget", replicas },
  );
  draft.judge = null;
  draft.patchStatus({
    phase: "Progressing",
    run,
    lastRunId: id,
    rejected: undefined,
    revision: found.revision,
    canaryWeight: 0,
    step: stepText(run),
    verdict: "",
    message: `Starting ${replicas} canary pods of ${imageText(found)}.`,
  });
  announce(draft, run, {
    reason: "RunStarted",
    title: `${imageText(found)} is being released`,
    text: spec.skipAnalysis
      ? `${replicas} canary pods are starting; skipAnalysis promotes as soon as they are ready.`
      : `${replicas} canary pods are starting; then ${planText(spec)}.`,
    transition: "started",
  });
}
