import type { Destination, Service, Endpoint as SliceEndpoint } from "../../kube/kind/network.ts";
import { SERVICE_NAME_LABEL } from "../../kube/kind/network.ts";
import { keyText } from "../../kube/object.ts";
import { destinationPolicy } from "./destination-rules.ts";
import { resolveShortName, serviceHost, serviceNamed } from "./hosts.ts";
import type { TrafficPolicy } from "./istio.ts";
import { type OutlierPolicy, outlierPolicy } from "./outlier.ts";
import type { View } from "./view.ts";

export interface ServiceName {
  readonly name: string;
  readonly namespace: string;
}

/** Where a proxy may send requests for one destination of a route. */
export interface Cluster {
  /** Tells the clusters of one proxy apart, as Envoy's names do. */
  readonly name: string;
  /** Full name of the destination's host. */
  readonly host: string;
  /** null when the registry holds no such Service (or subset): Envoy answers 503 NC. */
  readonly service: ServiceName | null;
  /** Ready ones only; none: Envoy answers 503 UH. */
  readonly endpoints: readonly Endpoint[];
  readonly tls: ClusterTls;
  readonly outlier: OutlierPolicy | null;
}

/** `auto`: mutual TLS with pods that have a sidecar. */
export type ClusterTls = "auto" | "mutual" | "plain";

export interface Endpoint {
  /** `namespace/name` of the pod; an address that belongs to no pod stands for itself. */
  readonly pod: string;
}

/** Where a destination stands, and who asks for it. */
export interface DestinationContext {
  /** Of the VirtualService: short names are relative to it. */
  readonly namespace: string;
  /** The port that was called. */
  readonly port: number;
  /** The namespace of the proxy. */
  readonly viewer: string;
}

/**
 * The cluster of a destination. One without a port means the only port of its Service, and of several the one that was
 * called (istiod's GetDestinationCluster).
 */
export function clusterOf(view: View, destination: Destination, context: DestinationContext): Cluster {
  const { namespace, viewer } = context;
  const host = resolveShortName(destination.host, namespace);
  const name = serviceNamed(host, namespace);
  const service = name === null ? undefined : view.services.get(keyText(name));
  const port = service === undefined ? null : portOf(service, destination.port?.number, context.port);
  if (name === null || port === null) return unknownCluster(host, destination.subset);
  const fullHost = serviceHost(name.name, name.namespace);
  const { subset } = destination;
  const { labels, policy } = destinationPolicy(view, {
    host: fullHost,
    owner: name.namespace,
    subset,
    port,
    viewer,
  });
  if (labels === null) return unknownCluster(fullHost, subset);
  return {
    name: `outbound|${port}|${subset ?? ""}|${fullHost}`,
    host: fullHost,
    service: name,
    endpoints: readyEndpoints(view, name).filter((endpoint) => hasLabels(view, endpoint, labels)),
    tls: tlsOf(policy),
    outlier: outlierPolicy(policy.outlierDetection),
  };
}

/** As kube-proxy has it: nobody watches the pods, and nobody offers TLS. */
export function withoutProxy(cluster: Cluster): Cluster {
  return { ...cluster, outlier: null, tls: "plain" };
}

function unknownCluster(host: string, subset: string | undefined): Cluster {
  const name = `outbound||${subset ?? ""}|${host}`;
  return { name, host, service: null, endpoints: [], tls: "auto", outlier: null };
}

/** TLS of the caller's own making is plain text to a sidecar: it is not the mesh's. */
function tlsOf({ tls }: TrafficPolicy): ClusterTls {
  if (tls?.mode === undefined) return "auto";
  return tls.mode === "ISTIO_MUTUAL" ? "mutual" : "plain";
}

/** null when the Service has no such port. */
function portOf(service: Service, named: number | undefined, called: number): number | null {
  const ports = (service.spec.ports ?? []).map(({ port }) => port);
  if (named === undefined && ports.length <= 1) return ports[0] ?? called;
  const wanted = named ?? called;
  return ports.includes(wanted) ? wanted : null;
}

function readyEndpoints(view: View, service: ServiceName): Endpoint[] {
  const found = new Set<string>();
  for (const slice of view.endpointSlices.values()) {
    if (slice.metadata.namespace !== service.namespace) continue;
    if (slice.metadata.labels?.[SERVICE_NAME_LABEL] !== service.name) continue;
    for (const endpoint of slice.endpoints ?? []) {
      // Kubernetes: an unknown readiness counts as ready.
      if (endpoint.conditions?.ready !== false) found.add(podOf(endpoint, service.namespace));
    }
  }
  return [...found].sort().map((pod) => ({ pod }));
}

function podOf(endpoint: SliceEndpoint, namespace: string): string {
  const { targetRef } = endpoint;
  if (targetRef?.kind === "Pod" && targetRef.name !== undefined) {
    return keyText({ namespace: targetRef.namespace ?? namespace, name: targetRef.name });
  }
  return endpoint.addresses?.[0] ?? "";
}

function hasLabels(view: View, endpoint: Endpoint, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(labels);
  if (wanted.length === 0) return true;
  const pod = view.pods.get(endpoint.pod);
  return wanted.every(([name, value]) => pod?.metadata.labels?.[name] === value);
}
