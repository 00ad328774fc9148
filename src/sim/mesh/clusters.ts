import type { Destination, Service, Endpoint as SliceEndpoint } from "../../kube/kind/network.ts";
import { SERVICE_NAME_LABEL } from "../../kube/kind/network.ts";
import { keyText } from "../../kube/object.ts";
import { hostMatch, resolveShortName, serviceHost, serviceNamed } from "./hosts.ts";
import type { View } from "./view.ts";

export interface ServiceName {
  readonly name: string;
  readonly namespace: string;
}

/** Where a proxy may send requests for one destination of a route. */
export interface Cluster {
  /** Full name of the destination's host. */
  readonly host: string;
  /** null when the registry holds no such Service (or subset): Envoy answers 503 NC. */
  readonly service: ServiceName | null;
  /** Ready ones only; none: Envoy answers 503 UH. */
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  /** `namespace/name` of the pod; an address that belongs to no pod stands for itself. */
  readonly pod: string;
}

/**
 * The cluster of a destination in a VirtualService of `namespace`. A destination without a port means the only one of
 * its Service, and of several the one that was called (istiod's GetDestinationCluster).
 */
export function clusterOf(
  view: View,
  destination: Destination,
  namespace: string,
  calledPort: number,
): Cluster {
  const host = resolveShortName(destination.host, namespace);
  const name = serviceNamed(host, namespace);
  const service = name === null ? undefined : view.services.get(keyText(name));
  if (name === null || service === undefined || !hasPort(service, destination.port?.number, calledPort)) {
    return { host, service: null, endpoints: [] };
  }
  const fullHost = serviceHost(name.name, name.namespace);
  const labels = destination.subset === undefined ? {} : subsetLabels(view, fullHost, destination.subset);
  if (labels === null) return { host: fullHost, service: null, endpoints: [] };
  const endpoints = readyEndpoints(view, name).filter((endpoint) => hasLabels(view, endpoint, labels));
  return { host: fullHost, service: name, endpoints };
}

function hasPort(service: Service, named: number | undefined, called: number): boolean {
  const ports = service.spec.ports ?? [];
  if (named === undefined && ports.length <= 1) return true;
  return ports.some(({ port }) => port === (named ?? called));
}

/** Labels of a subset: the first DestinationRule of the host that defines it. null when none does. */
function subsetLabels(view: View, host: string, subset: string): Readonly<Record<string, string>> | null {
  for (const rule of view.destinationRules.values()) {
    const pattern = resolveShortName(rule.spec?.host ?? "", rule.metadata.namespace ?? "");
    const named = serviceNamed(pattern, rule.metadata.namespace ?? "");
    const fullPattern = named === null ? pattern : serviceHost(named.name, named.namespace);
    if (hostMatch(fullPattern, host) === null) continue;
    const found = rule.spec?.subsets?.find((candidate) => candidate.name === subset);
    if (found !== undefined) return found.labels ?? {};
  }
  return null;
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
