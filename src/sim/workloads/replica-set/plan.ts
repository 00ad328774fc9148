import type { ObjectMeta } from "../../../kube/object.ts";
import { type Pod, REPLICA_SETS, type ReplicaSet } from "../../kinds.ts";
import { controllerReference } from "../owner.ts";
import { pickVictims, type VictimContext } from "./victims.ts";

/** No more than this many pods are made or deleted in one pass (kube-controller-manager: BurstReplicas). */
const BURST = 500;

export interface ReplicaPlan {
  readonly create: number;
  readonly delete: readonly Pod[];
}

/** What brings the number of active pods to spec.replicas. */
export function planReplicas(
  replicaSet: ReplicaSet,
  activePods: readonly Pod[],
  context: VictimContext,
): ReplicaPlan {
  const missing = replicaSet.spec.replicas - activePods.length;
  if (missing >= 0) return { create: Math.min(missing, BURST), delete: [] };
  return { create: 0, delete: pickVictims(activePods, Math.min(-missing, BURST), context) };
}

/** A pod from the set's template; the server completes its name. */
export function podOf(replicaSet: ReplicaSet): Pod {
  const { metadata, spec } = replicaSet.spec.template;
  const { name, namespace } = replicaSet.metadata;
  const podMetadata: ObjectMeta = {
    name: "",
    generateName: `${name}-`,
    ...(namespace === undefined ? {} : { namespace }),
    ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
    ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
    ...(metadata?.finalizers === undefined ? {} : { finalizers: metadata.finalizers }),
    ownerReferences: [controllerReference(REPLICA_SETS, replicaSet)],
  };
  return { apiVersion: "v1", kind: "Pod", metadata: podMetadata, spec: spec as Pod["spec"] };
}
