import { Cache } from "../../src/kube/cache.ts";
import type { EndpointSlice, Service } from "../../src/kube/kind/network.ts";
import type { Pod } from "../../src/kube/kind/workload.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { ENDPOINT_SLICE, POD, SERVICE } from "../../src/kube/resources.ts";
import {
  DESTINATION_RULES,
  type DestinationRule,
  PEER_AUTHENTICATIONS,
  type PeerAuthentication,
  VIRTUAL_SERVICES,
  type VirtualService,
} from "../../src/sim/mesh/istio.ts";
import type { MeshCaches } from "../../src/sim/mesh/mesh.ts";

/** Objects of namespace `shop` for tests of the mesh, and caches that a test fills by hand. */

export function aService(name: string, port = 80): Service {
  return { ...head("v1", "Service", name), spec: { selector: { app: name }, ports: [{ port }] } };
}

export function aPod(
  workload: string,
  index: number,
  options: { hash?: string; image?: string; labels?: Record<string, string>; status?: Pod["status"] } = {},
): Pod {
  const {
    hash = "aaaa",
    image = `shop/${workload}:v1`,
    labels = {},
    status = readyStatus(workload),
  } = options;
  const base = head("v1", "Pod", `${workload}-${hash}-${index}`);
  return {
    ...base,
    metadata: {
      ...base.metadata,
      labels: { app: workload, "pod-template-hash": hash, ...labels },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: `${workload}-${hash}`,
          uid: `${workload}-${hash}`,
          controller: true,
        },
      ],
    },
    spec: { containers: [{ name: workload, image }] },
    status,
  };
}

export function readyStatus(container: string, isReady = true): NonNullable<Pod["status"]> {
  return {
    phase: "Running",
    conditions: [{ type: "Ready", status: isReady ? "True" : "False" }],
    containerStatuses: [
      {
        name: container,
        ready: isReady,
        restartCount: 0,
        state: { running: { startedAt: "2026-01-05T09:00:00Z" } },
      },
    ],
  };
}

export function aSlice(service: string, pods: readonly Pod[], notReady: readonly Pod[] = []): EndpointSlice {
  const endpoint = (pod: Pod, ready: boolean) => ({
    addresses: ["10.0.0.1"],
    conditions: { ready },
    targetRef: { kind: "Pod", namespace: "shop", name: pod.metadata.name },
  });
  const base = head("discovery.k8s.io/v1", "EndpointSlice", `${service}-1`);
  return {
    ...base,
    metadata: { ...base.metadata, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    endpoints: [...pods.map((pod) => endpoint(pod, true)), ...notReady.map((pod) => endpoint(pod, false))],
  };
}

export function aVirtualService(
  spec: NonNullable<VirtualService["spec"]>,
  name = "checkout",
): VirtualService {
  return { ...head("networking.istio.io/v1", "VirtualService", name), spec };
}

export function aDestinationRule(
  spec: NonNullable<DestinationRule["spec"]>,
  name = "checkout",
): DestinationRule {
  return { ...head("networking.istio.io/v1", "DestinationRule", name), spec };
}

export function aPeerAuthentication(
  spec: NonNullable<PeerAuthentication["spec"]>,
  namespace = "shop",
): PeerAuthentication {
  const base = head("security.istio.io/v1", "PeerAuthentication", "default");
  return { ...base, metadata: { ...base.metadata, namespace }, spec };
}

function head(apiVersion: string, kind: string, name: string): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: "shop", uid: `${kind}/${name}`, creationTimestamp: "2026-01-05T09:00:00Z" },
  };
}

/** Caches as a watch would fill them. */
export class HandFedCaches {
  readonly caches: MeshCaches = {
    pods: new Cache(POD),
    services: new Cache(SERVICE),
    endpointSlices: new Cache(ENDPOINT_SLICE),
    virtualServices: new Cache(VIRTUAL_SERVICES),
    destinationRules: new Cache(DESTINATION_RULES),
    peerAuthentications: new Cache(PEER_AUTHENTICATIONS),
  };
  #version = 0;

  put(...objects: readonly KubeObject[]): void {
    for (const object of objects) this.#observe("MODIFIED", object);
  }

  remove(...objects: readonly KubeObject[]): void {
    for (const object of objects) this.#observe("DELETED", object);
  }

  #observe(type: "MODIFIED" | "DELETED", object: KubeObject): void {
    this.#version += 1;
    const versioned = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#version) },
    };
    for (const cache of Object.values(this.caches) as Cache<KubeObject>[]) {
      if (cache.resource.kind === object.kind) cache.observe({ type, object: versioned });
    }
  }
}
