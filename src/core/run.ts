import type { RunStatus } from "../api/status.ts";
import { analyse } from "./analysing.ts";
import type { Draft } from "./draft.ts";
import { finalise, promoting } from "./promoting.ts";
import { repairServices } from "./repair.ts";
import { rollBack, rollingBack } from "./rolling-back.ts";
import type { Observation } from "./snapshot.ts";
import { starting } from "./starting.ts";

/**
 * One pass over a run.
 *
 *   Starting --ready--> Shadow --pass--> Step 1 --pass--> ... Step n --pass--> Promoting --ready--> Finalising --> Succeeded
 *      |  ^               |                |                                      |
 *      |  +-no pods left--+----------------+                                      |
 *      +------------------+----------------+---------abort, fail, deadline--------+--> RollingBack --> Failed
 *
 * What sends the canary's weight to 0 is looked at first, in every stage.
 */
export function advanceRun(draft: Draft, run: RunStatus, observations: readonly Observation[]): void {
  if (run.stage === "RollingBack") {
    rollingBack(draft, run);
    return;
  }
  if (run.stage === "Finalising") {
    finalise(draft, run);
    return;
  }
  if (hasTargetMoved(draft, run)) return;
  repairServices(draft);
  repairPin(draft, run);
  switch (run.stage) {
    case "Starting":
      starting(draft, run);
      break;
    case "Shadow":
    case "Step":
      analyse(draft, run, observations);
      break;
    case "Promoting":
      promoting(draft, run);
      break;
  }
}

/** The target is not what is being released any more. Tells whether that ended the pass. */
function hasTargetMoved(draft: Draft, run: RunStatus): boolean {
  const { target } = draft.snapshot;
  if (target?.current?.hash === run.revision) return false;
  // Once the primary is taking over, the revision has passed: promotion goes on, without the canary's help.
  if (run.stage === "Promoting") return false;
  if (target === null) {
    rollBack(draft, run, {
      result: "Failed",
      reason: "TargetDeleted",
      message: `Deployment ${run.spec.targetRef.name} was deleted during its release.`,
    });
  } else if (target.current !== null && target.current.hash === run.previous?.revision) {
    rollBack(draft, run, revertedOutcome(run));
  } else {
    rollBack(draft, run, {
      result: "Superseded",
      reason: "NewRevision",
      message: "The target's pod template was changed during its release.",
    });
  }
  return true;
}

/** Setting the target back to what the primary serves is an abort. */
export function revertedOutcome(run: RunStatus): NonNullable<RunStatus["outcome"]> {
  return {
    result: "Failed",
    reason: "TargetReverted",
    message: `Deployment ${run.spec.targetRef.name} was set back to the revision that the primary serves.`,
  };
}

/** The canary Service must name the revision under analysis, and the target must have its pods. */
function repairPin(draft: Draft, run: RunStatus): void {
  const { services, target } = draft.snapshot;
  if (services.canary.exists && services.canary.pinnedHash !== run.revision) {
    draft.act({ kind: "pinCanary", revision: run.revision });
  }
  if (target !== null && target.desiredReplicas === 0) {
    draft.act({ kind: "scaleTarget", replicas: run.canaryReplicas });
  }
}
