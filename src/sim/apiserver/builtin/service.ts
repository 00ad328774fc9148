import type { AnyObject } from "../../../kube/object.ts";
import { asList, asObject, childOf, type Draft, isObject, setDefault } from "../json-object.ts";
import type { Allocator, Part } from "../strategy.ts";

const AFFINITY_SECONDS = 10_800;

/** Defaults of a Service (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go). */
export function defaultService(draft: Draft): void {
  const spec = childOf(draft, "spec");
  setDefault(spec, "sessionAffinity", "None");
  if (spec["sessionAffinity"] === "ClientIP") {
    setDefault(
      childOf(childOf(spec, "sessionAffinityConfig"), "clientIP"),
      "timeoutSeconds",
      AFFINITY_SECONDS,
    );
  } else delete spec["sessionAffinityConfig"];
  setDefault(spec, "type", "ClusterIP");
  for (const port of portsOf(spec)) {
    setDefault(port, "protocol", "TCP");
    if (port["targetPort"] === 0 || port["targetPort"] === "" || port["targetPort"] === undefined) {
      port["targetPort"] = port["port"];
    }
  }
  if (isExposed(spec)) setDefault(spec, "externalTrafficPolicy", "Cluster");
  if (hasClusterIp(spec)) setDefault(spec, "internalTrafficPolicy", "Cluster");
  if (spec["type"] === "LoadBalancer") setDefault(spec, "allocateLoadBalancerNodePorts", true);
}

/** Gives a new Service its address, node ports and IP family. */
export function prepareNewService(draft: Draft, allocator: Allocator): void {
  draft["status"] = { loadBalancer: {} };
  allocate(childOf(draft, "spec"), allocator);
}

/** An update that leaves out what was allocated keeps it; a change of type allocates or releases. */
export function prepareServiceUpdate(draft: Draft, old: AnyObject, part: Part, allocator: Allocator): void {
  if (part === "status") return;
  const spec = childOf(draft, "spec");
  const before = asObject(old["spec"]);
  if (hasClusterIp(spec) && hasClusterIp(before)) {
    if (spec["clusterIP"] === undefined || spec["clusterIP"] === "") {
      for (const name of ["clusterIP", "clusterIPs"]) setOrDelete(spec, name, before[name]);
    } else if (spec["clusterIP"] !== before["clusterIP"]) spec["clusterIPs"] = [spec["clusterIP"]];
    for (const name of ["ipFamilies", "ipFamilyPolicy"]) setDefault(spec, name, before[name]);
  }
  if (!hasClusterIp(spec)) for (const name of ADDRESS_FIELDS) delete spec[name];
  keepNodePorts(spec, before);
  allocate(spec, allocator);
}

const ADDRESS_FIELDS = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"];

function setOrDelete(draft: Draft, name: string, value: unknown): void {
  if (value === undefined) delete draft[name];
  else draft[name] = value;
}

function allocate(spec: Draft, allocator: Allocator): void {
  if (hasClusterIp(spec)) {
    if (spec["clusterIP"] === undefined || spec["clusterIP"] === "") {
      const [first] = asList(spec["clusterIPs"]);
      spec["clusterIP"] = first ?? allocator.clusterIp();
    }
    setDefault(spec, "clusterIPs", [spec["clusterIP"]]);
    setDefault(spec, "ipFamilies", ["IPv4"]);
    setDefault(spec, "ipFamilyPolicy", "SingleStack");
  }
  for (const port of portsOf(spec)) {
    if (!isExposed(spec) || spec["allocateLoadBalancerNodePorts"] === false) delete port["nodePort"];
    else if (port["nodePort"] === undefined || port["nodePort"] === 0)
      port["nodePort"] = allocator.nodePort();
  }
}

/** Ports are recognised by protocol and port. */
function keepNodePorts(spec: Draft, before: Readonly<Record<string, unknown>>): void {
  if (!isExposed(spec)) return;
  const known = new Map(
    portsOf(before).map((port) => [`${port["protocol"]}/${port["port"]}`, port["nodePort"]]),
  );
  for (const port of portsOf(spec)) {
    const nodePort = known.get(`${port["protocol"]}/${port["port"]}`);
    if (nodePort !== undefined) setDefault(port, "nodePort", nodePort);
  }
}

export function portsOf(spec: Readonly<Record<string, unknown>>): readonly Draft[] {
  return asList(spec["ports"]).filter(isObject) as readonly Draft[];
}

export function hasClusterIp(spec: Readonly<Record<string, unknown>>): boolean {
  return spec["type"] !== "ExternalName";
}

/** Reachable from outside of the cluster. */
export function isExposed(spec: Readonly<Record<string, unknown>>): boolean {
  return spec["type"] === "NodePort" || spec["type"] === "LoadBalancer";
}
