import { namesOf } from "../../api/names.ts";
import { isHttpPort } from "../../api/protocol.ts";
import type { IstioSpec } from "../../api/spec.ts";
import type {
  HttpRoute,
  OpaqueRoute,
  RouteDestination,
  ServicePort,
  VirtualService,
} from "../../kube/kind/network.ts";
import { parseDuration } from "../../lib/duration.ts";
import type { RouteContext, Traffic } from "../router.ts";
import { armsOf } from "./arms.ts";
import { type OurKind, ourKind, ourRoutes } from "./our-routes.ts";
import { canaryShare, mirroredShare } from "./share.ts";

/** The members of a VirtualService's spec that are ours in one that we made. */
export const OWNED_SPEC: readonly string[] = ["hosts", "gateways", "exportTo", "http", "tcp", "tls"];

/** What VirtualServices call the sidecars. */
const MESH = "mesh";

/**
 * The whole spec of the generated VirtualService: weighted routes between the two sides, one for HTTP ports and one for
 * each other port, and what stands before the former.
 *
 * `ports`: of the Services, the spec's first.
 */
export function buildVirtualServiceSpec(
  context: RouteContext,
  traffic: Traffic,
  ports: readonly ServicePort[],
): VirtualService["spec"] {
  const { istio } = context.spec.traffic;
  const { apexService } = namesOf(context.rollout);
  const http = ports.some(isHttpPort) ? httpRoutes(context, traffic, ports) : [];
  const tcp = tcpRoutes(context, traffic, ports);
  return {
    ...(istio.delegation === true
      ? {}
      : { hosts: [...new Set([...istio.hosts, apexService])], gateways: gatewaysOf(istio) }),
    ...(istio.exportTo === undefined ? {} : { exportTo: istio.exportTo }),
    ...(http.length === 0 ? {} : { http }),
    ...(tcp.length === 0 ? {} : { tcp }),
  };
}

/** What the VirtualService makes of traffic now: the largest share that any of its routes gives the canary. */
export function readTraffic({ spec }: VirtualService, context: RouteContext): Traffic {
  const arms = armsOf(context);
  const http = spec?.http ?? [];
  const splitting = http.filter((route) => isSplitting(ourKind(route, context)));
  const all: readonly OpaqueRoute[] = [...splitting, ...(spec?.tls ?? []), ...(spec?.tcp ?? [])];
  return {
    canaryWeight: Math.max(0, ...all.map(({ route }) => canaryShare(route ?? [], arms))),
    shadowPercent: Math.max(0, ...splitting.map((route) => mirroredShare(route, arms))),
    reserved: http.some((route) => ourKind(route, context) === "reserved"),
  };
}

/** Of our own routes, those that stand in for the weighted one have its weights. */
function isSplitting(kind: OurKind | null): boolean {
  return kind === null || kind === "assign" || kind === "mirror";
}

/** The apex Service is always a host, and its callers are in the mesh: without it they would pass the canary by. */
function gatewaysOf({ gateways }: IstioSpec): readonly string[] {
  return [...new Set([...gateways, MESH])];
}

function httpRoutes(
  context: RouteContext,
  traffic: Traffic,
  ports: readonly ServicePort[],
): readonly HttpRoute[] {
  const { istio } = context.spec.traffic;
  const split = { ...routeSettings(istio), route: destinations(context, traffic) };
  const routes = [...ourRoutes(split, context, traffic), split];
  const [first] = ports.filter(isHttpPort);
  return ports.length === 1 || first === undefined
    ? routes
    : routes.flatMap((route) => byGateway(route, istio, first.port));
}

/** Both destinations with their weights written out, 0 too: a weight that is left out means something else. */
function destinations(context: RouteContext, { canaryWeight }: Traffic): readonly RouteDestination[] {
  const { primary, canary } = armsOf(context);
  return [
    { destination: primary, weight: 100 - canaryWeight },
    { destination: canary, weight: canaryWeight },
  ];
}

/**
 * The route as gateways need it and as the mesh does. A destination without a port means the only port of its Service
 * or, where there are several, the port that the client asked for. A gateway's own port is none of them: there the
 * route names the port.
 */
function byGateway(route: HttpRoute, istio: IstioSpec, port: number): readonly HttpRoute[] {
  const outside = gatewaysOf(istio).filter((gateway) => gateway !== MESH);
  const named = {
    ...route,
    route: withPort(route.route ?? [], port),
    ...(route.mirror === undefined ? {} : { mirror: { ...route.mirror, port: { number: port } } }),
  };
  if (istio.delegation === true) return [named];
  if (outside.length === 0) return [route];
  return [...forGateways(named, outside), ...forGateways(route, [MESH])];
}

/** The route for these gateways alone; none when its conditions exclude them all. */
function forGateways(route: HttpRoute, gateways: readonly string[]): readonly HttpRoute[] {
  const match = (route.match ?? [{}]).flatMap((block) => {
    const said = block["gateways"] as readonly string[] | undefined;
    const kept = said === undefined ? gateways : gateways.filter((gateway) => said.includes(gateway));
    return kept.length === 0 ? [] : [{ ...block, gateways: kept }];
  });
  return match.length === 0 ? [] : [{ ...route, match }];
}

/**
 * One route for each port whose requests cannot be told apart. With several ports the mesh tells them by their numbers;
 * what comes through a gateway is for the spec's port.
 */
function tcpRoutes(
  context: RouteContext,
  traffic: Traffic,
  ports: readonly ServicePort[],
): readonly OpaqueRoute[] {
  const { istio, service } = { ...context.spec.traffic, ...context.spec };
  const opaque = ports.filter((port) => !isHttpPort(port));
  const route = destinations(context, traffic);
  if (ports.length === 1) return opaque.map(() => ({ route }));
  const outside = gatewaysOf(istio).filter((gateway) => gateway !== MESH);
  return opaque.flatMap(({ port }) => {
    const named = withPort(route, port);
    if (istio.delegation === true) return [{ match: [{ port }], route: named }];
    const isOutside = port === service.port && outside.length > 0;
    return [
      ...(isOutside ? [{ match: [{ gateways: outside }], route: named }] : []),
      { match: [{ port, ...(outside.length === 0 ? {} : { gateways: [MESH] }) }], route: named },
    ];
  });
}

function withPort(route: readonly RouteDestination[], number: number): readonly RouteDestination[] {
  return route.map((it) => ({ ...it, destination: { ...it.destination, port: { number } } }));
}

/** What the spec says about the weighted route, in Istio's words. */
function routeSettings(istio: IstioSpec): HttpRoute {
  const { match = [], timeout, rewrite = {}, retries, fault, headers, corsPolicy } = istio;
  const faults = fault === undefined ? {} : withoutZeroDelay(fault);
  return {
    ...(match.length === 0 ? {} : { match }),
    ...(Object.keys(rewrite).length === 0 ? {} : { rewrite }),
    ...(isPositive(timeout) ? { timeout } : {}),
    ...(retries === undefined ? {} : { retries: withoutZeros(retries, ["perTryTimeout", "backoff"]) }),
    ...(Object.keys(faults).length === 0 ? {} : { fault: faults }),
    ...(headers === undefined ? {} : { headers }),
    ...(corsPolicy === undefined ? {} : { corsPolicy: withoutZeros(corsPolicy, ["maxAge"]) }),
  } as HttpRoute;
}

function withoutZeroDelay(fault: NonNullable<IstioSpec["fault"]>): object {
  const { delay, ...rest } = fault;
  return delay === undefined || !isPositive(delay.fixedDelay) ? rest : { ...rest, delay };
}

/** Istio refuses durations below 1ms; 0 means "none", which it writes by leaving the member out. */
function withoutZeros(settings: object, durations: readonly string[]): object {
  const isZero = ([name, value]: [string, unknown]) =>
    durations.includes(name) && typeof value === "string" && !isPositive(value);
  return Object.fromEntries(Object.entries(settings).filter((entry) => !isZero(entry)));
}

function isPositive(duration: string | undefined): duration is string {
  return duration !== undefined && (parseDuration(duration) ?? 0) > 0;
}
