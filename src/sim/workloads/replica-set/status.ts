import type { Condition } from "../../../kube/kind/workload.ts";
import { isoTime } from "../../../lib/time.ts";
import type { Pod, ReplicaSet, ReplicaSetStatus } from "../../kinds.ts";
import { findCondition, withoutCondition } from "../conditions.ts";
import { availableAtMs, isActivePod, isFinished, isReady, isTerminating } from "../pods.ts";

/** Why pods could not be made or deleted in this pass. */
export interface ManageFailure {
  readonly reason: "FailedCreate" | "FailedDelete";
  readonly message: string;
}

/** Counts of a ReplicaSet from the pods that it controls (replicaset/replica_set_utils.go calculateStatus). */
export function replicaSetStatus(
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  failure: ManageFailure | null,
  now: number,
): ReplicaSetStatus {
  const active = pods.filter(isActivePod);
  const minReadySeconds = replicaSet.spec.minReadySeconds ?? 0;
  const labels = Object.entries(replicaSet.spec.template.metadata?.labels ?? {});
  const isFullyLabeled = (pod: Pod) => labels.every(([key, value]) => pod.metadata.labels?.[key] === value);
  const isAvailable = (pod: Pod) => (availableAtMs(pod, minReadySeconds) ?? Number.POSITIVE_INFINITY) <= now;
  const conditions = withFailure(replicaSet.status?.conditions ?? [], failure, now);
  return {
    replicas: active.length,
    ...counted("fullyLabeledReplicas", active.filter(isFullyLabeled).length),
    ...counted("readyReplicas", active.filter(isReady).length),
    ...counted("availableReplicas", active.filter(isAvailable).length),
    terminatingReplicas: pods.filter((pod) => isTerminating(pod) && !isFinished(pod)).length,
    observedGeneration: replicaSet.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** The API leaves counts of 0 out. */
function counted(name: string, count: number): Readonly<Record<string, number>> {
  return count === 0 ? {} : { [name]: count };
}

function withFailure(
  conditions: readonly Condition[],
  failure: ManageFailure | null,
  now: number,
): readonly Condition[] {
  if (failure === null) return withoutCondition(conditions, "ReplicaFailure");
  if (findCondition(conditions, "ReplicaFailure") !== undefined) return conditions;
  const condition: Condition = {
    type: "ReplicaFailure",
    status: "True",
    reason: failure.reason,
    message: failure.message,
    lastTransitionTime: isoTime(now),
  };
  return [...conditions, condition];
}

/** How long until the next ready pod becomes available; null when none is waiting for minReadySeconds. */
export function nextAvailableDelayMs(
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  now: number,
): number | null {
  const waiting = pods
    .filter(isActivePod)
    .map((pod) => availableAtMs(pod, replicaSet.spec.minReadySeconds ?? 0))
    .filter((at) => at !== null && at > now)
    .map((at) => (at ?? now) - now);
  return waiting.length === 0 ? null : Math.min(...waiting);
}
