import type { Deployment, Pod, ReplicaSet } from "../../kinds.ts";
import { boundsOf } from "./bounds.ts";
import { byAge, isActive, type Sizes } from "./scale.ts";
import { type Sets, sumOf } from "./status.ts";

/** The size that the new ReplicaSet may have now: as large as surge allows, at most what is desired. */
export function newSetSize(deployment: Deployment, current: number, allReplicas: number): number {
  const { replicas, strategy } = deployment.spec;
  if (strategy?.type === "Recreate" || current > replicas) return replicas;
  const room = replicas + boundsOf(deployment).maxSurge - allReplicas;
  return room <= 0 ? current : current + Math.min(room, replicas - current);
}

/**
 * One step of a rolling update (deployment/rolling.go): the new set grows if it can, otherwise the old ones shrink as
 * far as enough pods stay available: first by their unhealthy pods, then by healthy ones, the oldest set first.
 */
export function rollingSizes(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Sizes {
  const everything = sumOf([...old, current], (set) => set.spec.replicas);
  const grown = newSetSize(deployment, current.spec.replicas, everything);
  if (grown !== current.spec.replicas) return new Map([[current.metadata.name, grown]]);

  const minAvailable = deployment.spec.replicas - boundsOf(deployment).maxUnavailable;
  const newUnavailable = current.spec.replicas - (current.status?.availableReplicas ?? 0);
  const maxScaledDown = everything - minAvailable - newUnavailable;
  const active = old.filter(isActive).sort(byAge);
  if (active.length === 0 || maxScaledDown <= 0) return new Map();

  const unhealthy = take(active, maxScaledDown, (set) =>
    Math.max(0, set.spec.replicas - (set.status?.availableReplicas ?? 0)),
  );
  const available = sumOf([...old, current], (set) => set.status?.availableReplicas);
  const sizeAfter = (set: ReplicaSet) => unhealthy.get(set.metadata.name) ?? set.spec.replicas;
  const healthy = take(active, available - minAvailable, sizeAfter, sizeAfter);
  return new Map([...unhealthy, ...healthy]);
}

/** Takes at most `budget` pods from the sets in order, from each at most what `removable` says. */
function take(
  sets: readonly ReplicaSet[],
  budget: number,
  removable: (set: ReplicaSet) => number,
  sizeBefore: (set: ReplicaSet) => number = (set) => set.spec.replicas,
): Sizes {
  const sizes = new Map<string, number>();
  let left = budget;
  for (const set of sets) {
    const taken = Math.min(Math.max(0, left), removable(set));
    if (taken === 0) continue;
    sizes.set(set.metadata.name, sizeBefore(set) - taken);
    left -= taken;
  }
  return sizes;
}

/** What Recreate does next: all old sets to 0, then wait for their pods, then the new set. */
export type RecreateStep =
  | { readonly kind: "scaleDown"; readonly sizes: Sizes }
  | { readonly kind: "wait" }
  | { readonly kind: "scaleUp" };

export function recreateStep(sets: Sets, podsBySet: ReadonlyMap<string, readonly Pod[]>): RecreateStep {
  const active = sets.old.filter(isActive);
  if (active.length > 0) {
    return { kind: "scaleDown", sizes: new Map(active.map((set) => [set.metadata.name, 0])) };
  }
  return areOldPodsLeft(sets, podsBySet) ? { kind: "wait" } : { kind: "scaleUp" };
}

function areOldPodsLeft(sets: Sets, podsBySet: ReadonlyMap<string, readonly Pod[]>): boolean {
  if (sumOf(sets.old, (set) => set.status?.replicas) > 0) return true;
  return sets.old.some((set) =>
    (podsBySet.get(set.metadata.uid ?? "") ?? []).some(
      (pod) => pod.status?.phase !== "Failed" && pod.status?.phase !== "Succeeded",
    ),
  );
}

/** Old sets beyond revisionHistoryLimit, the lowest revisions first, unless they still have pods. */
export function setsToForget(
  deployment: Deployment,
  old: readonly ReplicaSet[],
  revisionOf: (set: ReplicaSet) => number,
): readonly ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit ?? Number.POSITIVE_INFINITY;
  const alive = old.filter((set) => set.metadata.deletionTimestamp === undefined);
  const excess = Math.max(0, alive.length - limit);
  return alive
    .sort((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b))
    .slice(0, excess)
    .filter(
      (set) =>
        set.spec.replicas === 0 &&
        (set.status?.replicas ?? 0) === 0 &&
        (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    );
}

/** All sets as they will be with the new sizes. */
export function withSizes(sets: Sets, sizes: Sizes): Sets {
  const resize = (set: ReplicaSet): ReplicaSet => {
    const replicas = sizes.get(set.metadata.name);
    return replicas === undefined || replicas === set.spec.replicas
      ? set
      : { ...set, spec: { ...set.spec, replicas } };
  };
  return { current: sets.current === null ? null : resize(sets.current), old: sets.old.map(resize) };
}

/** The set with the Deployment's template (the oldest, should there be two) and the others. */
export function splitSets(
  replicaSets: readonly ReplicaSet[],
  hasTemplate: (set: ReplicaSet) => boolean,
): Sets {
  const sorted = [...replicaSets].sort(byAge);
  const current = sorted.find(hasTemplate) ?? null;
  return { current, old: sorted.filter((set) => set !== current) };
}
