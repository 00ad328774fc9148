import type { Outcome, RunStatus } from "../api/status.ts";
import { analyse } from "./analysing.ts";
import { isUnpinned } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { noteGates } from "./gates-noted.ts";
import { outcomeOfGates } from "./gates-outcome.ts";
import { keepCapacity } from "./keep-capacity.ts";
import { finalise, hasTakenOver, promoting, takeOver } from "./promoting.ts";
import { endWithoutPrimary, remakeDuringRun } from "./remake-primary.ts";
import { NO_CANARY, repairRoutes, repairServices, tellUnpinned } from "./repair.ts";
import { revertedOutcome, rollBack, rollingBack } from "./rolling-back.ts";
import { shifting } from "./shifting.ts";
import type { Observation } from "./snapshot.ts";
import { confirmStart } from "./start-run.ts";
import { starting } from "./starting.ts";
import { outcomeOfTrouble } from "./trouble.ts";

/**
 * One pass over a run.
 *
 *   Confirming --yes--> Starting --ready--> Shadow --pass--> Step 1 --pass--> ... Shifting --> Promoting --> Finalising --> Succeeded
 *      |                   |  ^               |                |                     |            |
 *      |                   |  +-no pods left--+----------------+---------------------+            |
 *      +-------------------+------------------+----------------+--abort, fail, deadline, webhook--+--> RollingBack --> Failed
 *
 * What sends the canary's weight to 0 is looked at first, in every stage.
 */
export function advanceRun(draft: Draft, before: RunStatus, observations: readonly Observation[]): void {
  const outcome = outcomeOfGates(draft, before) ?? outcomeOfTrouble(draft, before);
  if (outcome !== null) {
    rollBack(draft, before, outcome);
    return;
  }
  if (endWithoutPrimary(draft, before)) return;
  const run = keepCapacity(draft, noteGates(draft, before));
  switch (run.stage) {
    case "RollingBack":
      rollingBack(draft, run);
      break;
    case "Finalising":
      finalise(draft, run);
      break;
    case "Confirming":
      confirming(draft, run);
      break;
    case "Starting":
      if (isStillWanted(draft, run)) starting(draft, run);
      break;
    case "Shadow":
    case "Step":
      if (isStillWanted(draft, run)) analyse(draft, run, observations);
      break;
    case "Shifting":
      if (isStillWanted(draft, run)) shifting(draft, run, observations);
      break;
    case "Promoting":
      if (!hasTakenOver(draft, run)) {
        if (isStillWanted(draft, run)) takeOver(draft, run);
        break;
      }
      // Once the primary is taking over, the revision has passed: it goes on whatever becomes of the target.
      if (isUnpinned(draft, run)) pinAgain(draft, run);
      promoting(draft, run);
      break;
  }
  // Last: what has just sent the weight to 0 must stand alone in its pass.
  const isSameStage = draft.status.run?.stage === run.stage;
  if (isSameStage && run.stage !== "Promoting") remakeDuringRun(draft, run);
}

/** Rolls back when the target is not what is being released any more; otherwise keeps the canary's Service and pods. */
function isStillWanted(draft: Draft, run: RunStatus): boolean {
  const outcome = outcomeOfChange(draft, run);
  if (outcome !== null) {
    rollBack(draft, run, outcome);
    return false;
  }
  repairServices(draft);
  repairPin(draft, run);
  return true;
}

/** Webhooks are asked whether the run may begin. Until they agree nothing is pinned, scaled or given requests. */
function confirming(draft: Draft, run: RunStatus): void {
  const outcome = outcomeOfChange(draft, run);
  if (outcome !== null) {
    rollBack(draft, run, outcome);
    return;
  }
  repairServices(draft);
  repairRoutes(draft, NO_CANARY);
  confirmStart(draft, run);
}

function outcomeOfChange(draft: Draft, run: RunStatus): Outcome | null {
  const { target } = draft.snapshot;
  if (target === null) {
    const message = `Deployment ${run.spec.targetRef.name} was deleted during its release.`;
    return { result: "Failed", reason: "TargetDeleted", message };
  }
  if (target.current?.hash === run.revision) return null;
  if (target.current !== null && target.current.hash === run.previous?.revision) return revertedOutcome(run);
  const message = "The target's pod template was changed during its release.";
  return { result: "Superseded", reason: "NewRevision", message };
}

/** The canary has all requests meanwhile. */
function pinAgain(draft: Draft, run: RunStatus): void {
  draft.act({ kind: "pinCanary", revision: run.revision });
  tellUnpinned(draft);
}

/** The canary Service must name the revision under analysis, and the target must have its pods. */
function repairPin(draft: Draft, run: RunStatus): void {
  const { services, target } = draft.snapshot;
  if (services.canary.exists && services.canary.pinnedHash !== run.revision) {
    draft.act({ kind: "pinCanary", revision: run.revision });
  }
  // What was to follow the start of the run may have got lost.
  const isShort = run.stage === "Starting" && (target?.desiredReplicas ?? 0) < run.canaryReplicas;
  if (target !== null && (isShort || target.desiredReplicas === 0)) {
    draft.act({ kind: "scaleTarget", replicas: run.canaryReplicas });
  }
}
