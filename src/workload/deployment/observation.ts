import { REVISION_ANNOTATION, targetSelectorOf } from "../../api/names.ts";
import type { PodFacts, PodPort } from "../../api/pod-facts.ts";
import type { Deployment, Pod, ReplicaSet } from "../../kube/kind/workload.ts";
import { plural } from "../../lib/text.ts";
import type { PrimaryState, RevisionState, TargetState, Workloads } from "../workload.ts";
import { notReadyReason } from "./not-ready-reason.ts";
import { imagesOf, selectorLabelOf } from "./pod-template.ts";
import { currentReplicaSet, hashOf } from "./revisions.ts";

type PodsOf = (replicaSet: ReplicaSet) => readonly Pod[];

export function targetState(
  target: Deployment,
  replicaSets: readonly ReplicaSet[],
  podsOf: PodsOf,
): TargetState {
  const desiredReplicas = target.spec.replicas ?? 1;
  const current = currentReplicaSet(target, replicaSets);
  return {
    uid: target.metadata.uid ?? "",
    desiredReplicas,
    replicas: target.status?.replicas ?? 0,
    current: current === undefined ? null : revisionState(current),
    revisions: replicaSets.map(hashOf).filter((hash) => hash !== undefined),
    images: imagesOf(target.spec.template),
    paused: target.spec.paused ?? false,
    notReadyReason: currentNotReady(target, current, podsOf),
    selector: target.spec.selector.matchLabels ?? {},
  };
}

export function primaryState(
  primary: Deployment,
  replicaSets: readonly ReplicaSet[],
  podsOf: PodsOf,
): PrimaryState {
  const isRolledOut = isDeploymentRolledOut(primary);
  const current = currentReplicaSet(primary, replicaSets);
  return {
    desiredReplicas: primary.spec.replicas ?? 1,
    readyReplicas: primary.status?.readyReplicas ?? 0,
    isRolledOut,
    revision: primary.metadata.annotations?.[REVISION_ANNOTATION] ?? null,
    images: imagesOf(primary.spec.template),
    notReadyReason:
      currentNotReady(primary, current, podsOf) ?? (isRolledOut ? null : rollingReason(primary)),
    selector: primary.spec.selector.matchLabels ?? {},
  };
}

/** From whichever side exists; the primary's selector is one label, which is the target's with another value. */
export function selectorsOf(
  target: Deployment | undefined,
  primary: Deployment | undefined,
): Workloads["selectors"] {
  const label = target === undefined ? null : selectorLabelOf(target.spec.selector);
  const ofTarget = label === null ? undefined : target?.spec.selector.matchLabels;
  const ofPrimary =
    primary?.spec.selector.matchLabels ?? (label === null ? undefined : { [label.key]: label.primary });
  if (ofPrimary === undefined) return null;
  return { target: ofTarget ?? targetSelectorOf(ofPrimary), primary: ofPrimary };
}

/** A port that the target has dropped is the primary's until that is promoted. */
export function podFacts(target: Deployment | undefined, primary: Deployment | undefined): PodFacts {
  const ports = new Map<number, PodPort>();
  for (const side of [target, primary]) {
    const ofSide = side?.spec.template.spec.containers.flatMap((container) => container.ports ?? []) ?? [];
    for (const port of ofSide) if (!ports.has(port.containerPort)) ports.set(port.containerPort, port);
  }
  const labels = target === undefined ? null : (target.spec.template.metadata?.labels ?? {});
  return { labels, ports: [...ports.values()] };
}

function revisionState(replicaSet: ReplicaSet): RevisionState {
  return {
    hash: hashOf(replicaSet) ?? "",
    images: imagesOf(replicaSet.spec.template),
    replicas: replicaSet.status?.replicas ?? 0,
    readyReplicas: replicaSet.status?.readyReplicas ?? 0,
  };
}

function currentNotReady(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  podsOf: PodsOf,
): string | null {
  const wanted = deployment.spec.replicas ?? 1;
  if (wanted === 0) return null;
  if (current === undefined) {
    const { paused } = deployment.spec;
    return paused === true
      ? "the Deployment is paused (spec.paused)"
      : "no ReplicaSet of the current pod template yet";
  }
  return notReadyReason(wanted, podsOf(current), deployment);
}

/** As `kubectl rollout status` decides it (polymorphichelpers.DeploymentStatusViewer). */
function isDeploymentRolledOut(deployment: Deployment): boolean {
  const { metadata, spec, status } = deployment;
  const wanted = spec.replicas ?? 1;
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) >= wanted &&
    (status?.replicas ?? 0) <= (status?.updatedReplicas ?? 0) &&
    (status?.availableReplicas ?? 0) >= (status?.updatedReplicas ?? 0)
  );
}

/** All wanted pods are ready, and yet it goes on: older ones are still there, or minReadySeconds have not passed. */
function rollingReason(deployment: Deployment): string {
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = deployment.status ?? {};
  const older = replicas - updatedReplicas;
  if (older > 0) return `${plural(older, "pod")} of an older revision still running`;
  if (availableReplicas < updatedReplicas) {
    return `${availableReplicas} of ${plural(updatedReplicas, "pod")} available, waiting for minReadySeconds`;
  }
  return "the Deployment controller has not acted on the latest change yet";
}
