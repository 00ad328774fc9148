import { asList, asObject, asText, type JsonObject } from "../json-object.ts";
import { AGE, type ColumnSet, column, docOf, NAME, NONE, specOf, statusOf, wideColumn } from "./columns.ts";
import { labelsText, selectorText } from "./selector-text.ts";

/** How many addresses, ports or hosts a cell names before it says "+ N more...". */
const SHOWN = 3;

const SERVICE: ColumnSet = [
  NAME,
  column("Type", docOf("core.v1.ServiceSpec", "type"), (service) => specOf(service)["type"] ?? ""),
  column("Cluster-IP", docOf("core.v1.ServiceSpec", "clusterIP"), (service) => {
    const { clusterIPs, clusterIP } = specOf(service);
    return asText(asList(clusterIPs)[0]) ?? asText(clusterIP) ?? NONE;
  }),
  column("External-IP", docOf("core.v1.ServiceSpec", "externalIPs"), externalAddress),
  column("Port(s)", docOf("core.v1.ServiceSpec", "ports"), servicePorts),
  AGE,
  wideColumn("Selector", docOf("core.v1.ServiceSpec", "selector"), (service) =>
    labelsText(specOf(service)["selector"]),
  ),
];

function externalAddress(service: JsonObject): string {
  const { type, externalIPs, externalName } = specOf(service);
  if (type === "ExternalName") return asText(externalName) ?? "";
  const external = asList(externalIPs).map(String);
  if (type !== "LoadBalancer") return external.length === 0 ? NONE : external.join(",");
  const balancer = ingressPoints(service);
  const all = balancer.length === 0 ? external : [...balancer, ...external];
  return all.length === 0 ? "<pending>" : all.join(",");
}

function ingressPoints(object: JsonObject): readonly string[] {
  return asList(asObject(statusOf(object)["loadBalancer"])["ingress"])
    .map(asObject)
    .map((point) => String(point["ip"] ?? point["hostname"] ?? ""))
    .filter((text) => text !== "");
}

function servicePorts(service: JsonObject): string {
  const ports = asList(specOf(service)["ports"]).map(asObject);
  if (ports.length === 0) return NONE;
  return ports
    .map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ""}/${protocol ?? "TCP"}`)
    .join(",");
}

const ENDPOINTS: ColumnSet = [
  NAME,
  column("Endpoints", docOf("core.v1.Endpoints", "subsets"), (object) => {
    const all = asList(object["subsets"]).map(asObject).flatMap(subsetAddresses);
    return all.length === 0 ? NONE : shorten(all);
  }),
  AGE,
];

function subsetAddresses({ addresses, ports }: JsonObject): readonly string[] {
  const hosts = asList(addresses).map((address) => String(asObject(address)["ip"]));
  if (asList(ports).length === 0) return hosts;
  return asList(ports).flatMap((port) =>
    hosts.map((host) => `${host.includes(":") ? `[${host}]` : host}:${asObject(port)["port"]}`),
  );
}

const ENDPOINT_SLICE: ColumnSet = [
  NAME,
  column(
    "AddressType",
    docOf("discovery.v1.EndpointSlice", "addressType"),
    (slice) => slice["addressType"] ?? "",
  ),
  column("Ports", docOf("discovery.v1.EndpointSlice", "ports"), (slice) =>
    orUnset(
      asList(slice["ports"])
        .map(asObject)
        .map(({ port, name }) => String(port ?? name ?? "*")),
    ),
  ),
  column("Endpoints", docOf("discovery.v1.EndpointSlice", "endpoints"), (slice) =>
    orUnset(
      asList(slice["endpoints"]).flatMap((endpoint) => asList(asObject(endpoint)["addresses"]).map(String)),
    ),
  ),
  AGE,
];

function orUnset(texts: readonly string[]): string {
  return texts.length === 0 ? "<unset>" : shorten(texts);
}

function shorten(texts: readonly string[]): string {
  const more = texts.length - SHOWN;
  return `${texts.slice(0, SHOWN).join(",")}${more > 0 ? ` + ${more} more...` : ""}`;
}

const INGRESS: ColumnSet = [
  NAME,
  column(
    "Class",
    "The name of the IngressClass resource that should be used for additional configuration",
    (ingress) => specOf(ingress)["ingressClassName"] ?? NONE,
  ),
  column("Hosts", "Hosts that incoming requests are matched against before the ingress rule", (ingress) => {
    const hosts = asList(specOf(ingress)["rules"]).map((rule) => String(asObject(rule)["host"] ?? ""));
    const named = hosts.filter((host) => host !== "");
    return named.length === 0 ? "*" : shorten(named);
  }),
  column("Address", "Address is a list containing ingress points for the load-balancer", (ingress) =>
    ingressPoints(ingress).join(","),
  ),
  column("Ports", "Ports of TLS configurations that open", (ingress) =>
    asList(specOf(ingress)["tls"]).length === 0 ? "80" : "80, 443",
  ),
  AGE,
];

const NETWORK_POLICY: ColumnSet = [
  NAME,
  column("Pod-Selector", docOf("networking.v1.NetworkPolicySpec", "podSelector"), (policy) =>
    selectorText(specOf(policy)["podSelector"]),
  ),
  AGE,
];

/** By `GROUP/KIND`. */
export const NETWORK_COLUMNS: Readonly<Record<string, ColumnSet>> = {
  "/Endpoints": ENDPOINTS,
  "/Service": SERVICE,
  "discovery.k8s.io/EndpointSlice": ENDPOINT_SLICE,
  "networking.k8s.io/Ingress": INGRESS,
  "networking.k8s.io/NetworkPolicy": NETWORK_POLICY,
};
