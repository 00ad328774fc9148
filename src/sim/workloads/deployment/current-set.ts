import { DEPLOYMENTS, type Deployment, type ReplicaSet } from "../../kinds.ts";
import { controllerReference } from "../owner.ts";
import { nextRevision, revisionAnnotations, scaleAnnotations } from "./revision.ts";
import { newSetSize } from "./rollout.ts";
import { type Sets, sumOf } from "./status.ts";
import { POD_TEMPLATE_HASH, templateHash } from "./template-hash.ts";

/** Names of objects are DNS subdomains. */
const MAX_NAME = 253;

/** The ReplicaSet for a template that none has yet, of the size that it may have at once. */
export function newReplicaSet(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH]: hash };
  const { name, namespace } = deployment.metadata;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name.slice(0, MAX_NAME - hash.length - 1)}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: {
        ...revisionAnnotations({}, deployment, nextRevision(old)),
        ...scaleAnnotations(deployment),
      },
      ownerReferences: [controllerReference(DEPLOYMENTS, deployment)],
    },
    spec: {
      replicas: newSetSize(
        deployment,
        0,
        sumOf(old, (set) => set.spec.replicas),
      ),
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** The current set carries the highest revision, the Deployment's annotations and its minReadySeconds. */
export function withRevision(deployment: Deployment, sets: Sets): Sets {
  if (sets.current === null) return sets;
  const annotations = revisionAnnotations(
    sets.current.metadata.annotations ?? {},
    deployment,
    nextRevision(sets.old),
  );
  const { minReadySeconds = 0, ...spec } = sets.current.spec;
  const wanted = deployment.spec.minReadySeconds ?? 0;
  return {
    old: sets.old,
    current: {
      ...sets.current,
      metadata: { ...sets.current.metadata, annotations },
      spec: minReadySeconds === wanted ? sets.current.spec : { ...spec, minReadySeconds: wanted },
    },
  };
}
