import type { Outcome, RunStatus } from "../api/status.ts";
import { isoTime } from "../lib/time.ts";
import { announce, announceRollBack, imageText } from "./announce.ts";
import { canServe, WHOLE } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { isCanaryDrained } from "./draining.ts";
import { endRun } from "./end-run.ts";
import { NO_CANARY } from "./repair.ts";

/**
 * Sends the canary's weight to 0, now. This is the only action of the pass: it waits for nothing, and nothing that
 * may fail stands before it. What else a rollback needs is done by `rollingBack` in the passes that follow. The one
 * exception: all requests are with the canary, and the primary has not a single pod to take them back.
 */
export function rollBack(draft: Draft, run: RunStatus, outcome: Outcome): void {
  const now = isoTime(draft.nowMs);
  const isStranded = isPrimaryDown(draft, run);
  if (!isStranded) draft.actAlone({ kind: "setTraffic", traffic: NO_CANARY });
  const next = draft.patchRun(run, {
    stage: "RollingBack",
    stageSince: now,
    weight: isStranded ? run.weight : 0,
    shadowPercent: 0,
    outcome,
    pause: undefined,
    drainingSince: undefined,
    readySince: undefined,
    gates: undefined,
  });
  draft.patchStatus({ canaryWeight: next.weight });
  if (outcome.result === "Failed") reject(draft, run, outcome);
  else supersede(draft, next);
  draft.lookAgainAfter(0);
}

/** Nobody could serve the requests that the canary has: it keeps them rather than that all of them fail. */
function isPrimaryDown(draft: Draft, run: RunStatus): boolean {
  const { primary } = draft.snapshot;
  return run.weight === WHOLE && canServe(draft, run) && (primary?.readyReplicas ?? 0) === 0;
}

function reject(draft: Draft, run: RunStatus, outcome: Outcome): void {
  draft.patchStatus({
    phase: "Failed",
    message: outcome.message,
    verdict: outcome.reason === "MetricFailed" ? "fail" : draft.status.verdict,
    rejected: {
      revision: run.revision,
      images: run.images,
      at: isoTime(draft.nowMs),
      reason: outcome.message,
    },
  });
  announceRollBack(draft, run, outcome);
}

function supersede(draft: Draft, run: RunStatus): void {
  draft.patchStatus({
    phase: "Progressing",
    message: "The target has changed; weight is 0 % while the new revision comes up.",
  });
  announce(draft, run, {
    reason: "Superseded",
    title: `${imageText(run)} was overtaken by another revision`,
    text: "All traffic is on the primary; the new revision begins at weight 0.",
    transition: "superseded",
  });
}

/** After weight 0: set back the primary where promotion had begun, drain, scale down, and close the run. */
export function rollingBack(draft: Draft, run: RunStatus): void {
  const { primary } = draft.snapshot;
  const outcome = run.outcome ?? { result: "Failed", reason: "Aborted", message: "Rolled back." };
  if (
    primary?.revision === run.revision &&
    run.previous !== undefined &&
    run.previous.revision !== run.revision
  ) {
    draft.act({ kind: "revertPrimary", revision: run.previous.revision });
  }
  if (isPrimaryDown(draft, run)) {
    draft.patchStatus({
      message: `${outcome.message} The primary has no ready pod: the canary serves until it has one.`,
    });
    return;
  }
  if (!isCanaryDrained(draft, run)) return;
  if (outcome.result === "Superseded") finishSuperseded(draft, run, outcome);
  else finishFailed(draft, run, outcome);
}

function finishFailed(draft: Draft, run: RunStatus, outcome: Outcome): void {
  const hash = draft.snapshot.target?.current?.hash;
  // A revision that came meanwhile has its pods already; it begins its own run in the next pass.
  const isStill = hash === run.revision || hash === run.previous?.revision;
  if (isStill && (draft.snapshot.target?.desiredReplicas ?? 0) > 0)
    draft.act({ kind: "scaleTarget", replicas: 0 });
  endRun(draft, run, outcome);
}

function finishSuperseded(draft: Draft, run: RunStatus, outcome: Outcome): void {
  const { target } = draft.snapshot;
  if (target?.current === null) return;
  if (target === null) {
    finishFailed(draft, run, {
      result: "Failed",
      reason: "TargetDeleted",
      message: "The target was deleted during its release.",
    });
    return;
  }
  if (target.current.hash === run.previous?.revision) {
    finishFailed(draft, run, revertedOutcome(run));
    return;
  }
  endRun(draft, run, outcome);
  draft.patchStatus({ phase: "Waiting" });
}

/** Setting the target back to what the primary serves is an abort. */
export function revertedOutcome(run: RunStatus): Outcome {
  return {
    result: "Failed",
    reason: "TargetReverted",
    message: `Deployment ${run.spec.targetRef.name} was set back to the revision that the primary serves.`,
  };
}
