import { REVISION_ANNOTATION } from "../../api/names.ts";
import type { Deployment, PodTemplate, ReplicaSet } from "../../kube/kind/workload.ts";
import { isSameTemplate, POD_TEMPLATE_HASH } from "./pod-template.ts";

/** The name of a ReplicaSet's revision; undefined for one that no Deployment made. */
export function hashOf(replicaSet: ReplicaSet): string | undefined {
  return replicaSet.metadata.labels?.[POD_TEMPLATE_HASH];
}

/**
 * The ReplicaSet whose template is the Deployment's. Of several (which a collision of hashes can leave) the oldest, as
 * the Deployment controller chooses (deployment/util FindNewReplicaSet).
 */
export function currentReplicaSet(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
): ReplicaSet | undefined {
  return oldestFirst(replicaSets).find((it) => isSameTemplate(it.spec.template, deployment.spec.template));
}

export function replicaSetOf(revision: string, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return replicaSets.find((it) => hashOf(it) === revision);
}

/**
 * The template with which the primary served a revision, from the primary's own ReplicaSets.
 *
 * The Deployment controller copies a Deployment's annotations to the ReplicaSet of its current template, and leaves
 * those of older ones alone. Template and revision annotation are always written together, so each ReplicaSet of the
 * primary carries the revision that it was made for, without a trace of it in the pods. Somebody who edits the
 * primary's template by hand makes a younger ReplicaSet with the same annotation, hence the oldest.
 */
export function templateServedBefore(
  revision: string,
  replicaSets: readonly ReplicaSet[],
): PodTemplate | undefined {
  return oldestFirst(replicaSets).find((it) => it.metadata.annotations?.[REVISION_ANNOTATION] === revision)
    ?.spec.template;
}

function oldestFirst(replicaSets: readonly ReplicaSet[]): readonly ReplicaSet[] {
  return [...replicaSets].sort(
    (a, b) =>
      (a.metadata.creationTimestamp ?? "").localeCompare(b.metadata.creationTimestamp ?? "") ||
      a.metadata.name.localeCompare(b.metadata.name),
  );
}
