import type { Condition } from "../../../kube/kind/workload.ts";
import { isoTime } from "../../../lib/time.ts";
import type { Deployment, DeploymentStatus, ReplicaSet } from "../../kinds.ts";
import { timeMs } from "../../time-text.ts";
import { findCondition, withCondition, withoutCondition } from "../conditions.ts";
import { boundsOf } from "./bounds.ts";

/** The ReplicaSets of a Deployment; `current` is the one with its template. */
export interface Sets {
  readonly current: ReplicaSet | null;
  readonly old: readonly ReplicaSet[];
}

/** From this value on Kubernetes takes a progress deadline for "none". */
const NO_DEADLINE = 2 ** 31 - 1;

export function hasProgressDeadline(deployment: Deployment): boolean {
  return (deployment.spec.progressDeadlineSeconds ?? NO_DEADLINE) !== NO_DEADLINE;
}

export function allSets(sets: Sets): readonly ReplicaSet[] {
  return sets.current === null ? sets.old : [...sets.old, sets.current];
}

export function sumOf(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number | undefined): number {
  return sets.reduce((sum, set) => sum + (count(set) ?? 0), 0);
}

/** Counts and the condition Available (kube-controller-manager: deployment/sync.go calculateStatus). */
export function countStatus(deployment: Deployment, sets: Sets, now: number): DeploymentStatus {
  const all = allSets(sets);
  const available = sumOf(all, (set) => set.status?.availableReplicas);
  const wanted = sumOf(all, (set) => set.spec.replicas);
  const isReported = all.every((set) => set.status?.terminatingReplicas !== undefined);
  const counts = {
    replicas: sumOf(all, (set) => set.status?.replicas),
    updatedReplicas: sets.current?.status?.replicas ?? 0,
    readyReplicas: sumOf(all, (set) => set.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wanted - available),
    collisionCount: deployment.status?.collisionCount ?? 0,
  };
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...withoutZeros(counts),
    ...(isReported ? { terminatingReplicas: sumOf(all, (set) => set.status?.terminatingReplicas) } : {}),
    conditions: withCondition(
      deployment.status?.conditions ?? [],
      available >= deployment.spec.replicas - boundsOf(deployment).maxUnavailable
        ? {
            type: "Available",
            status: "True",
            reason: "MinimumReplicasAvailable",
            message: "Deployment has minimum availability.",
          }
        : {
            type: "Available",
            status: "False",
            reason: "MinimumReplicasUnavailable",
            message: "Deployment does not have minimum availability.",
          },
      now,
    ),
  };
}

/** The API leaves counts of 0 out. */
export function withoutZeros<T extends object>(counts: T): Partial<T> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) as Partial<T>;
}

/** Counts, Available, Progressing and ReplicaFailure (deployment/progress.go syncRolloutStatus). */
export function rolloutStatus(deployment: Deployment, sets: Sets, now: number): DeploymentStatus {
  const status = countStatus(deployment, sets, now);
  const conditions = withReplicaFailure(withProgress(deployment, status, sets.current, now), sets, now);
  return { ...status, conditions };
}

function withProgress(
  deployment: Deployment,
  status: DeploymentStatus,
  current: ReplicaSet | null,
  now: number,
): readonly Condition[] {
  const conditions = status.conditions ?? [];
  if (!hasProgressDeadline(deployment)) return withoutCondition(conditions, "Progressing");
  const before = findCondition(deployment.status?.conditions, "Progressing");
  const wasComplete =
    status.replicas === status.updatedReplicas && before?.reason === "NewReplicaSetAvailable";
  if (wasComplete) return conditions;
  const subject =
    current === null ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${current.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(conditions, progressing("True", "NewReplicaSetAvailable", message), now);
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const condition = progressing("True", "ReplicaSetUpdated", `${subject} is progressing.`);
    return [...withoutCondition(conditions, "Progressing"), refreshed(condition, before, now)];
  }
  if (hasTimedOut(deployment, before, now)) {
    const message = `${subject} has timed out progressing.`;
    return withCondition(conditions, progressing("False", "ProgressDeadlineExceeded", message), now);
  }
  return conditions;
}

export function progressing(status: Condition["status"], reason: string, message: string): Condition {
  return { type: "Progressing", status, reason, message };
}

/** Unlike withCondition this moves lastUpdateTime even when nothing else changes: the deadline counts from it. */
function refreshed(condition: Condition, before: Condition | undefined, now: number): Condition {
  const at = isoTime(now);
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
  return { ...condition, lastUpdateTime: at, lastTransitionTime: since ?? at };
}

/** All wanted pods are of the new template and available, and no other pod is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const { replicas } = deployment.spec;
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const oldPods = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldPods(after) < oldPods(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, condition: Condition | undefined, now: number): boolean {
  if (condition === undefined || condition.reason === "NewReplicaSetAvailable") return false;
  return condition.reason === "ProgressDeadlineExceeded" || now > deadlineOf(deployment, condition);
}

function deadlineOf(deployment: Deployment, condition: Condition): number {
  return timeMs(condition.lastUpdateTime) + (deployment.spec.progressDeadlineSeconds ?? NO_DEADLINE) * 1_000;
}

/** How long from now the Deployment has to be looked at again to see that it is stuck; null: no need. */
export function progressCheckDelayMs(
  deployment: Deployment,
  status: DeploymentStatus,
  now: number,
): number | null {
  const condition = findCondition(status.conditions, "Progressing");
  if (!hasProgressDeadline(deployment) || deployment.spec.paused === true || condition === undefined) {
    return null;
  }
  if (isComplete(deployment, status) || condition.reason === "ProgressDeadlineExceeded") return null;
  if (condition.reason === "NewReplicaSetAvailable") return null;
  return Math.max(0, deadlineOf(deployment, condition) - now) + 1_000;
}

/** A failure to create pods shows on the Deployment: that of the new ReplicaSet before that of an old one. */
function withReplicaFailure(conditions: readonly Condition[], sets: Sets, now: number): readonly Condition[] {
  const failures = [sets.current, ...sets.old]
    .map((set) => findCondition(set?.status?.conditions, "ReplicaFailure"))
    .filter((condition) => condition !== undefined);
  const failure = failures[0];
  if (failure === undefined) return withoutCondition(conditions, "ReplicaFailure");
  return withCondition(conditions, failure, now);
}
