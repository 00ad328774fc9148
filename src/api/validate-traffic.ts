import { isHttpPort } from "./protocol.ts";
import type { IstioSpec, RolloutSpec } from "./spec.ts";
import { OF_GENERATED } from "./spec-istio.ts";

interface Problem {
  readonly field: string;
  readonly message: string;
}

const ISTIO = "spec.traffic.istio";

/** What of `service`, `shadow` and `traffic` the schema cannot say. */
export function trafficProblems(spec: RolloutSpec): readonly Problem[] {
  return [
    ...ownProblems(spec),
    ...subsetProblems(spec),
    ...opaqueProblems(spec),
    ...delegationProblems(spec),
    ...gatewayProblems(spec),
    ...cookieProblems(spec),
  ];
}

/** A VirtualService is either the user's, and says all of this itself, or generated from it. */
function ownProblems({ traffic: { istio } }: RolloutSpec): readonly Problem[] {
  const names = istio.virtualServices?.map(({ name }) => name);
  if (names === undefined) return [];
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  const { hosts, gateways } = istio;
  const said = {
    ...istio,
    hosts: hosts.length > 0 ? hosts : undefined,
    gateways: gateways.length > 0 ? gateways : undefined,
  };
  return [
    ...OF_GENERATED.filter((name) => said[name] !== undefined).map((name) => ({
      field: `${ISTIO}.${name}`,
      message: `belongs into VirtualService ${names.join(", ")}, which spec.traffic.istio.virtualServices keeps as yours`,
    })),
    ...(twice < 0
      ? []
      : [
          {
            field: `${ISTIO}.virtualServices[${twice}].name`,
            message: `${names[twice]} is there twice; name each VirtualService once, with all its routes`,
          },
        ]),
  ];
}

/** With subsets the Service and the DestinationRule are the user's. */
function subsetProblems({ traffic: { istio }, service }: RolloutSpec): readonly Problem[] {
  if (istio.destinationRule === undefined) return [];
  const { name } = istio.destinationRule;
  return [
    ...(istio.trafficPolicy === undefined
      ? []
      : [
          {
            field: `${ISTIO}.trafficPolicy`,
            message: `belongs into DestinationRule ${name}, which is yours`,
          },
        ]),
    ...(service.portDiscovery
      ? [
          {
            field: "spec.service.portDiscovery",
            message: `with destinationRule the Service is yours, and its ports are those that are split; give it the ports`,
          },
        ]
      : []),
  ];
}

/** Members that look into requests. */
const OF_REQUESTS: readonly (keyof IstioSpec)[] = [
  "match",
  "rewrite",
  "retries",
  "timeout",
  "fault",
  "headers",
  "corsPolicy",
  "canaryMatch",
  "primaryMatch",
  "sessionAffinity",
];

/** On a TCP port nobody can tell one request from another. */
function opaqueProblems({ service, shadow, traffic, analysis }: RolloutSpec): readonly Problem[] {
  if (isHttpPort({ name: service.portName, appProtocol: service.appProtocol })) return [];
  const port = `port ${service.port} is TCP (${service.appProtocol ?? service.portName})`;
  const members = OF_REQUESTS.filter((name) => traffic.istio[name] !== undefined);
  const latency = analysis.metrics.findIndex(({ name }) => name === "latency");
  return [
    ...members.map((name) => ({
      field: `${ISTIO}.${name}`,
      message: `${port}, and ${name} is about HTTP requests; take it away, or give the port an HTTP name such as http`,
    })),
    ...(shadow === undefined
      ? []
      : [{ field: "spec.shadow", message: `${port}, and only HTTP requests can be mirrored` }]),
    ...(latency < 0
      ? []
      : [
          {
            field: `spec.analysis.metrics[${latency}]`,
            message: `${port}, and latency is that of HTTP requests; success-rate counts connections that come about, and queries of your own what you measure`,
          },
        ]),
  ];
}

/** A delegate is reached through the hosts and gateways of the VirtualService that delegates to it. */
function delegationProblems({ traffic }: RolloutSpec): readonly Problem[] {
  const { delegation, hosts, gateways } = traffic.istio;
  if (delegation !== true) return [];
  return Object.entries({ hosts, gateways })
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => ({
      field: `${ISTIO}.${name}`,
      message: `${list.join(", ")}: with delegation they belong into the VirtualService that delegates`,
    }));
}

const MATCHES = ["match", "canaryMatch", "primaryMatch"] as const;

/** A condition on a gateway that the VirtualService is not bound to never holds. */
function gatewayProblems({ traffic: { istio }, ab, blueGreen }: RolloutSpec): readonly Problem[] {
  if (istio.delegation === true || istio.virtualServices !== undefined) return [];
  const bound = new Set([...istio.gateways, "mesh"]);
  const lists = [
    ...MATCHES.map((name) => ({ field: `${ISTIO}.${name}`, items: istio[name] ?? [] })),
    { field: "spec.ab.match", items: ab?.match ?? [] },
    { field: "spec.blueGreen.previewMatch", items: blueGreen?.previewMatch ?? [] },
  ];
  return lists.flatMap(({ field, items }) =>
    items.flatMap(({ gateways = [] }, index) =>
      gateways
        .filter((gateway) => !bound.has(gateway))
        .map((gateway) => ({
          field: `${field}[${index}].gateways`,
          message: `${gateway} is not one of ${[...bound].join(", ")}; add it to ${ISTIO}.gateways, or this never matches`,
        })),
    ),
  );
}

function cookieProblems({ traffic }: RolloutSpec): readonly Problem[] {
  const { sessionAffinity, match = [] } = traffic.istio;
  if (sessionAffinity === undefined) return [];
  const insecure = sessionAffinity.sameSite === "None" && !sessionAffinity.secure;
  const conditional = match.findIndex(({ headers }) => headers?.["cookie"] !== undefined);
  return [
    ...(insecure
      ? [
          {
            field: `${ISTIO}.sessionAffinity.sameSite`,
            message: "None: browsers take such cookies over TLS only; set secure: true, or sameSite: Lax",
          },
        ]
      : []),
    ...(conditional < 0
      ? []
      : [
          {
            field: `${ISTIO}.match[${conditional}].headers.cookie`,
            message: "a route takes one condition a header, and sessionAffinity needs that on cookie",
          },
        ]),
  ];
}
