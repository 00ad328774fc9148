import { ROLLOUT_GROUP, ROLLOUT_KIND, ROLLOUT_VERSION } from "../../api/kind.ts";
import type { AnyObject } from "../../kube/object.ts";
import { INJECTED_NAMESPACE } from "../../sim/mesh/injector.ts";
import { INBOX_SECRET, INBOX_URL } from "./inbox.ts";
import { NAMESPACE_NAME } from "./invariant.ts";
import type { PlannedRollout } from "./plan.ts";
import { hasSubsets, PRIMARY_SUBSET, podLabels, serviceSelector } from "./subsets.ts";

/** Where everything is, in the mesh. */
export function namespaceManifest(): AnyObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: NAMESPACE_NAME, labels: INJECTED_NAMESPACE },
  };
}

/** Where to notify. */
export function inboxSecret(): AnyObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: INBOX_SECRET, namespace: NAMESPACE_NAME },
    stringData: { url: INBOX_URL },
  } as unknown as AnyObject;
}

/** The objects that a user keeps in Git. */
export function deploymentManifest(rollout: PlannedRollout, image: string): AnyObject {
  const { name, replicas } = rollout;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: NAMESPACE_NAME },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: podLabels(rollout) },
        spec: { containers: [{ name: "app", image, ports: [{ name: "http", containerPort: 8080 }] }] },
      },
    },
  } as AnyObject;
}

export function serviceManifest(rollout: PlannedRollout): AnyObject {
  const { name } = rollout;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: NAMESPACE_NAME },
    spec: { selector: serviceSelector(rollout), ports: [{ name: "http", port: 80, targetPort: "http" }] },
  } as AnyObject;
}

/** Keeps a Deployment at 100 millicores a pod. */
export function autoscalerManifest(of: string, min: number, max: number): AnyObject {
  const target = { type: "AverageValue", averageValue: "100m" };
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: of, namespace: NAMESPACE_NAME },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: of },
      minReplicas: min,
      maxReplicas: max,
      metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
    },
  } as unknown as AnyObject;
}

/** Routes of the user's, for Rollouts that name some (`withOwnRoutes`); null for others. */
export function ownRoutesManifest(rollout: PlannedRollout): AnyObject | null {
  if (!hasOwnRoutes(rollout)) return null;
  const { name } = rollout;
  const subset = hasSubsets(rollout) ? { subset: PRIMARY_SUBSET } : {};
  const route = [{ destination: { host: name, ...subset } }];
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace: NAMESPACE_NAME, annotations: { team: "shop" } },
    spec: {
      hosts: [name],
      http: [
        { name: "health", match: [{ uri: { exact: "/healthz" } }], route, retries: { attempts: 0 } },
        { name: "main", route, timeout: "8s", headers: { request: { set: { "x-by": "edge" } } } },
      ],
    },
  } as AnyObject;
}

export function hasOwnRoutes({ spec }: PlannedRollout): boolean {
  const { istio } = spec["traffic"] as { readonly istio: object };
  return "virtualServices" in istio;
}

export function withOwnRoutes({ spec, ...rollout }: PlannedRollout): PlannedRollout {
  const { istio } = spec["traffic"] as { readonly istio: object };
  const virtualServices = [{ name: rollout.name, routes: ["main"] }];
  return { ...rollout, spec: { ...spec, traffic: { istio: { ...istio, virtualServices } } } };
}

export function rolloutManifest({ name, spec }: PlannedRollout): AnyObject {
  return {
    apiVersion: `${ROLLOUT_GROUP}/${ROLLOUT_VERSION}`,
    kind: ROLLOUT_KIND,
    metadata: { name, namespace: NAMESPACE_NAME },
    spec: { ...spec, notifications: [{ slack: { secretRef: { name: INBOX_SECRET } } }] },
  } as AnyObject;
}
