import type { Endpoint, Service, ServicePort } from "../../../kube/kind/network.ts";
import type { Pod } from "../../kinds.ts";
import { isFinished, isReady, isTerminating } from "../pods.ts";

/** A port as an EndpointSlice lists it: number and name resolved against the pod. */
export interface EndpointPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

/** Endpoints that share the same ports; a slice holds one such group. */
export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** Whether a Service leads to the pod at all, ready or not: it has an address and has not finished. */
export function hasEndpoint(pod: Pod): boolean {
  return pod.status?.podIP !== undefined && !isFinished(pod);
}

/**
 * A terminating pod is not ready but goes on serving while its probe says so, so that proxies can drain it
 * (discovery/v1 EndpointConditions).
 */
export function endpointOf(service: Service, pod: Pod): Endpoint {
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = (serving && !terminating) || service.spec["publishNotReadyAddresses"] === true;
  const { namespace, name, uid } = pod.metadata;
  return {
    addresses: [pod.status?.podIP ?? ""],
    conditions: { ready, serving, terminating },
    targetRef: {
      kind: "Pod",
      ...(namespace === undefined ? {} : { namespace }),
      name,
      ...(uid === undefined ? {} : { uid }),
    },
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
  };
}

/** The Service's ports on this pod; a target port by name that the pod does not have is left out. */
export function portsOn(service: Service, pod: Pod): readonly EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const number = targetPort(port, pod);
    if (number === undefined) return [];
    return [
      {
        name: port.name ?? "",
        port: number,
        protocol: port.protocol ?? "TCP",
        ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
      },
    ];
  });
}

function targetPort(port: ServicePort, pod: Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === "number") return target;
  const protocol = port.protocol ?? "TCP";
  return pod.spec.containers
    .flatMap((container) => container.ports ?? [])
    .find((candidate) => candidate.name === target && (candidate.protocol ?? "TCP") === protocol)
    ?.containerPort;
}

/** Endpoints of all pods that have an address, grouped by ports, by pod name within a group. */
export function groupEndpoints(service: Service, pods: readonly Pod[]): readonly EndpointGroup[] {
  const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>();
  const sorted = pods.filter(hasEndpoint).sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  for (const pod of sorted) {
    const ports = portsOn(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod));
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Equal for equal port lists. */
export function portsKey(ports: readonly Partial<EndpointPort>[]): string {
  return ports
    .map(({ name, port, protocol, appProtocol }) => [name, port, protocol, appProtocol].join("/"))
    .sort()
    .join(",");
}
