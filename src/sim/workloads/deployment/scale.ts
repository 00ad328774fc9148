import type { Deployment, ReplicaSet } from "../../kinds.ts";
import { timeMs } from "../../time-text.ts";
import { boundsOf } from "./bounds.ts";
import { DESIRED_REPLICAS, MAX_REPLICAS, numberAnnotation } from "./revision.ts";
import { allSets, type Sets, sumOf } from "./status.ts";

/** New sizes by ReplicaSet name; sets that are not in it keep theirs. */
export type Sizes = ReadonlyMap<string, number>;

export function isActive(set: ReplicaSet): boolean {
  return set.spec.replicas > 0;
}

export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const difference = timeMs(a.metadata.creationTimestamp) - timeMs(b.metadata.creationTimestamp);
  return difference || a.metadata.name.localeCompare(b.metadata.name);
}

/** Someone changed spec.replicas: an active set was last scaled for another number. */
export function isScaling(deployment: Deployment, sets: Sets): boolean {
  return allSets(sets)
    .filter(isActive)
    .some((set) => {
      const desired = numberAnnotation(set, DESIRED_REPLICAS);
      return desired !== undefined && desired !== deployment.spec.replicas;
    });
}

/**
 * Sizes after a change of spec.replicas, or while paused (deployment/sync.go scale): a single active set takes all;
 * once the new set is whole, the old ones go; in the middle of a rolling update all grow or shrink in proportion.
 */
export function scaledSizes(deployment: Deployment, sets: Sets): Sizes {
  const { replicas } = deployment.spec;
  const only = activeOrLatest(sets);
  if (only !== null) return new Map([[only.metadata.name, replicas]]);
  if (isSaturated(deployment, sets.current)) {
    return new Map(sets.old.filter(isActive).map((set) => [set.metadata.name, 0]));
  }
  return deployment.spec.strategy?.type === "Recreate" ? new Map() : proportionalSizes(deployment, sets);
}

function activeOrLatest(sets: Sets): ReplicaSet | null {
  const all = allSets(sets);
  const active = all.filter(isActive);
  if (active.length > 1) return null;
  return active[0] ?? sets.current ?? [...sets.old].sort(byAge).at(-1) ?? null;
}

function isSaturated(deployment: Deployment, current: ReplicaSet | null): boolean {
  const { replicas } = deployment.spec;
  return (
    current !== null &&
    current.spec.replicas === replicas &&
    numberAnnotation(current, DESIRED_REPLICAS) === replicas &&
    (current.status?.availableReplicas ?? 0) === replicas
  );
}

function proportionalSizes(deployment: Deployment, sets: Sets): Sizes {
  const { replicas } = deployment.spec;
  const active = allSets(sets).filter(isActive);
  const allowed = replicas > 0 ? replicas + boundsOf(deployment).maxSurge : 0;
  const toAdd = allowed - sumOf(active, (set) => set.spec.replicas);
  // The largest first; of equal ones the newest grows first, and the oldest shrinks first.
  active.sort((a, b) => b.spec.replicas - a.spec.replicas || (toAdd > 0 ? byAge(b, a) : byAge(a, b)));
  const sizes = new Map<string, number>();
  let added = 0;
  for (const set of active) {
    const share = proportionOf(set, deployment, toAdd - added);
    sizes.set(set.metadata.name, set.spec.replicas + share);
    added += share;
  }
  const largest = active[0];
  if (largest !== undefined) {
    const size = sizes.get(largest.metadata.name) ?? 0;
    sizes.set(largest.metadata.name, Math.max(0, size + toAdd - added));
  }
  return sizes;
}

/** The set's share of `left`, the pods that may still be added (or, negative, taken). */
function proportionOf(set: ReplicaSet, deployment: Deployment, left: number): number {
  if (left === 0) return 0;
  const share = fractionOf(set, deployment);
  return left > 0 ? Math.min(share, left) : Math.max(share, left);
}

function fractionOf(set: ReplicaSet, deployment: Deployment): number {
  const size = set.spec.replicas;
  if (deployment.spec.replicas === 0) return -size;
  const maxBefore = numberAnnotation(set, MAX_REPLICAS) || (deployment.status?.replicas ?? 0);
  if (maxBefore === 0) return 0;
  const maxNow = deployment.spec.replicas + boundsOf(deployment).maxSurge;
  return Math.round((size * maxNow) / maxBefore) - size;
}
