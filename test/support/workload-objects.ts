import type { Condition } from "../../src/kube/kind/workload.ts";
import type { ObjectMeta } from "../../src/kube/object.ts";
import type { Deployment, Pod, PodStatus, ReplicaSet, ReplicaSetStatus } from "../../src/sim/kinds.ts";

/** Monday, 5 January 2026, 09:00:00 UTC: where virtual clocks start. */
export const START = Date.UTC(2026, 0, 5, 9, 0, 0);
export const START_TEXT = "2026-01-05T09:00:00Z";

/** A Deployment as the API server stores it. */
export function aDeployment(
  spec: Partial<Deployment["spec"]> = {},
  more: { readonly metadata?: Partial<ObjectMeta>; readonly status?: Deployment["status"] } = {},
): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: "web",
      namespace: "shop",
      uid: "uid-web",
      resourceVersion: "1",
      generation: 1,
      creationTimestamp: START_TEXT,
      ...more.metadata,
    },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "main", image: "web:1" }] },
      },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...spec,
    },
    ...(more.status === undefined ? {} : { status: more.status }),
  };
}

export function withImage(deployment: Deployment, image: string): Deployment {
  const { template } = deployment.spec;
  return {
    ...deployment,
    spec: { ...deployment.spec, template: { ...template, spec: { containers: [{ name: "main", image }] } } },
  };
}

/** The ReplicaSet as its controller and the API server would have it after `ready` of its pods came up. */
export function settled(set: ReplicaSet, ready: number, pods = set.spec.replicas): ReplicaSet {
  const status: ReplicaSetStatus = {
    replicas: pods,
    readyReplicas: ready,
    availableReplicas: ready,
    terminatingReplicas: 0,
    observedGeneration: 1,
  };
  const metadata = { uid: `uid-${set.metadata.name}`, creationTimestamp: START_TEXT, ...set.metadata };
  return { ...set, metadata, status };
}

export function aPod(
  name: string,
  more: {
    readonly metadata?: Partial<ObjectMeta>;
    readonly spec?: Partial<Pod["spec"]>;
    readonly status?: PodStatus;
  } = {},
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "shop",
      uid: `uid-${name}`,
      creationTimestamp: START_TEXT,
      labels: { app: "web" },
      ...more.metadata,
    },
    spec: { containers: [{ name: "main", image: "web:1" }], ...more.spec },
    status: more.status ?? { phase: "Pending" },
  };
}

export function readyStatus(since = START_TEXT, podIP = "10.244.0.1"): PodStatus {
  return {
    phase: "Running",
    podIP,
    conditions: [{ type: "Ready", status: "True", lastTransitionTime: since }],
  };
}

export function conditionOf(
  object: { readonly status?: { readonly conditions?: readonly Condition[] } } | null | undefined,
  type: string,
): Condition | undefined {
  return object?.status?.conditions?.find((condition) => condition.type === type);
}
