import type { Pod } from "../kinds.ts";
import { timeMs } from "../time-text.ts";
import { findCondition } from "./conditions.ts";

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** Neither finished nor being deleted: what ReplicaSets and DaemonSets count. */
export function isActivePod(pod: Pod): boolean {
  return !isFinished(pod) && !isTerminating(pod);
}

export function isReady(pod: Pod): boolean {
  return findCondition(pod.status?.conditions, "Ready")?.status === "True";
}

/** When the pod last became ready; null when it is not, or when nobody noted the time. */
export function readySinceMs(pod: Pod): number | null {
  const condition = findCondition(pod.status?.conditions, "Ready");
  return condition?.status === "True" ? timeMs(condition.lastTransitionTime) || null : null;
}

/** When a ready pod is to be called available: ready for minReadySeconds; null when it is not ready. */
export function availableAtMs(pod: Pod, minReadySeconds: number): number | null {
  if (!isReady(pod)) return null;
  if (minReadySeconds === 0) return 0;
  const since = readySinceMs(pod);
  return since === null ? null : since + minReadySeconds * 1_000;
}

/** Restarts of all containers together. */
export function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}
