import type { PodFacts } from "../../src/api/pod-facts.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import { rolloutSpecSchema } from "../../src/api/spec.ts";
import type { Deployment, Pod, PodTemplate, ReplicaSet } from "../../src/kube/kind/workload.ts";
import type { ObjectMeta } from "../../src/kube/object.ts";
import type { RouteContext } from "../../src/router/router.ts";

/** Rollout `shop/checkout` and what belongs to it, for tests of the adapters. */

export function aRollout(
  spec: Record<string, unknown> = {},
  more: { readonly metadata?: Partial<Rollout["metadata"]>; readonly status?: Rollout["status"] } = {},
): Rollout {
  return {
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Rollout",
    metadata: { name: "checkout", namespace: "shop", uid: "uid-rollout", generation: 1, ...more.metadata },
    spec: rolloutSpecSchema.parse({
      targetRef: { name: "checkout" },
      service: { port: 80, targetPort: "http" },
      traffic: { istio: {} },
      steps: [{ weight: 10 }, { weight: 50 }],
      ...spec,
    }),
    ...(more.status === undefined ? {} : { status: more.status }),
  };
}

export const POD_FACTS: PodFacts = {
  labels: { app: "checkout" },
  ports: [{ name: "http", containerPort: 8080 }],
};

export function aRouteContext(rollout: Rollout = aRollout()): RouteContext {
  return {
    rollout,
    spec: rollout.spec,
    selectors: { target: { app: "checkout" }, primary: { app: "checkout-primary" } },
    pods: POD_FACTS,
  };
}

export function aTemplate(
  image = "shop/checkout:v1",
  labels: Record<string, string> = { app: "checkout" },
): PodTemplate {
  return {
    metadata: { labels },
    spec: { containers: [{ name: "main", image, ports: [{ name: "http", containerPort: 8080 }] }] },
  };
}

/** The target as the API server stores it. */
export function aTarget(
  spec: Partial<Deployment["spec"]> = {},
  more: { readonly metadata?: Partial<ObjectMeta>; readonly status?: NonNullable<Deployment["status"]> } = {},
): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "checkout", namespace: "shop", uid: "uid-target", generation: 1, ...more.metadata },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "checkout" } },
      template: aTemplate(),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...spec,
    },
    ...(more.status === undefined ? {} : { status: more.status }),
  };
}

/** The ReplicaSet that the Deployment controller makes of a template. */
export function aReplicaSet(
  hash: string,
  options: {
    readonly owner?: Deployment;
    readonly template?: PodTemplate;
    readonly annotations?: Record<string, string>;
    readonly createdAt?: string;
    readonly ready?: number;
  } = {},
): ReplicaSet {
  const { owner = aTarget(), annotations = {}, createdAt = "2026-01-05T09:00:00Z", ready = 0 } = options;
  const template = options.template ?? owner.spec.template;
  const labels = { ...template.metadata?.labels, "pod-template-hash": hash };
  const { name, uid = "" } = owner.metadata;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name}-${hash}`,
      namespace: "shop",
      uid: `uid-${name}-${hash}`,
      creationTimestamp: createdAt,
      labels,
      annotations,
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name, uid, controller: true }],
    },
    spec: {
      replicas: ready,
      selector: { matchLabels: labels },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
    status: { replicas: ready, readyReplicas: ready },
  };
}

/** A pod of a ReplicaSet; by default it is ready. */
export function aPodOf(replicaSet: ReplicaSet, suffix: string, status: Pod["status"] = READY): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${replicaSet.metadata.name}-${suffix}`,
      namespace: "shop",
      uid: `uid-${replicaSet.metadata.name}-${suffix}`,
      labels: replicaSet.spec.template.metadata?.labels ?? {},
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: replicaSet.metadata.name,
          uid: replicaSet.metadata.uid ?? "",
          controller: true,
        },
      ],
    },
    spec: replicaSet.spec.template.spec,
    ...(status === undefined ? {} : { status }),
  };
}

const READY: Pod["status"] = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
