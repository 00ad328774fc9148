import { REVISION_ANNOTATION } from "../../api/names.ts";
import { ownerReferenceTo, ownershipLabels } from "../../api/ownership.ts";
import type { Rollout } from "../../api/rollout.ts";
import type { Deployment, IntOrPercent, PodTemplate } from "../../kube/kind/workload.ts";
import { primaryTemplate, type SelectorLabel } from "./pod-template.ts";

/** Without older ReplicaSets there would be nothing to go back to when a promotion fails. */
const MIN_REVISION_HISTORY = 2;

/** What Kubernetes itself takes. */
const DEFAULT_MAX_SURGE = "25%";

export interface PrimarySource {
  readonly target: Deployment;
  readonly label: SelectorLabel;
  /** Of the ReplicaSet that was analysed. */
  readonly template: PodTemplate;
  /** Its pod-template-hash. */
  readonly revision: string;
}

/** The primary as it is first made. Only our own labels: those of Argo CD or Flux would make it theirs to prune. */
export function buildPrimary(rollout: Rollout, source: PrimarySource, replicas: number): Deployment {
  const { target, label, template, revision } = source;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: `${target.metadata.name}-primary`,
      ...(target.metadata.namespace === undefined ? {} : { namespace: target.metadata.namespace }),
      labels: { ...ownershipLabels(rollout), [label.key]: label.primary },
      annotations: { [REVISION_ANNOTATION]: revision },
      ownerReferences: [ownerReferenceTo(rollout)],
    },
    spec: {
      replicas,
      selector: { matchLabels: { [label.key]: label.primary } },
      template: primaryTemplate(template, label),
      ...primarySettings(target),
    },
  };
}

/**
 * How the primary rolls: like the target where that is safe. It serves, so no pod goes before its successor is
 * available, whatever the target's strategy says.
 */
export function primarySettings(target: Deployment): Partial<Deployment["spec"]> {
  const { strategy, minReadySeconds, progressDeadlineSeconds, revisionHistoryLimit } = target.spec;
  return {
    strategy: {
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: 0, maxSurge: atLeastOne(strategy?.rollingUpdate?.maxSurge) },
    },
    ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
    ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
    ...(revisionHistoryLimit === undefined
      ? {}
      : { revisionHistoryLimit: Math.max(MIN_REVISION_HISTORY, revisionHistoryLimit) }),
  };
}

/** Zero would leave a rolling update without unavailable pods nothing that it may do. Percentages round up. */
function atLeastOne(maxSurge: IntOrPercent = DEFAULT_MAX_SURGE): IntOrPercent {
  return maxSurge === 0 || maxSurge === "0" || maxSurge === "0%" ? 1 : maxSurge;
}
