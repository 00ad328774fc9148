import type { Condition } from "../../../kube/kind/workload.ts";
import type { Deployment } from "../../kinds.ts";
import { findCondition, withCondition } from "../conditions.ts";
import { REVISION } from "./revision.ts";
import { hasProgressDeadline, progressing, type Sets } from "./status.ts";

/** The Deployment says which revision it runs, and that its ReplicaSet was found if nothing is known of progress. */
export function withCurrentRevision(deployment: Deployment, sets: Sets, now: number): Deployment {
  const revision = sets.current?.metadata.annotations?.[REVISION];
  if (sets.current === null || revision === undefined) return deployment;
  const known = withAnnotation(deployment, REVISION, revision);
  if (findCondition(known.status?.conditions, "Progressing") !== undefined) return known;
  const message = `Found new replica set "${sets.current.metadata.name}"`;
  return withProgressing(known, progressing("True", "FoundNewReplicaSet", message), now);
}

export function withAnnotation(deployment: Deployment, key: string, value: string): Deployment {
  if (deployment.metadata.annotations?.[key] === value) return deployment;
  const annotations = { ...deployment.metadata.annotations, [key]: value };
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}

export function withProgressing(deployment: Deployment, condition: Condition, now: number): Deployment {
  if (!hasProgressDeadline(deployment)) return deployment;
  const before = deployment.status?.conditions ?? [];
  const conditions = withCondition(before, condition, now);
  if (conditions === before) return deployment;
  return { ...deployment, status: { ...deployment.status, conditions } };
}

/** Pausing stops the clock of the progress deadline, resuming starts it again; a deadline that has passed stays. */
export function withPausedCondition(deployment: Deployment, now: number): Deployment {
  const condition = findCondition(deployment.status?.conditions, "Progressing");
  if (condition?.reason === "ProgressDeadlineExceeded") return deployment;
  const saysPaused = condition?.reason === "DeploymentPaused";
  const isPaused = deployment.spec.paused === true;
  if (isPaused === saysPaused) return deployment;
  return withProgressing(
    deployment,
    isPaused
      ? progressing("Unknown", "DeploymentPaused", "Deployment is paused")
      : progressing("Unknown", "DeploymentResumed", "Deployment is resumed"),
    now,
  );
}
