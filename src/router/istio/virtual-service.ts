import { namesOf } from "../../api/names.ts";
import type { IstioSpec } from "../../api/spec.ts";
import type { Destination, HttpRoute, RouteDestination, VirtualService } from "../../kube/kind/network.ts";
import { parseDuration } from "../../lib/duration.ts";
import type { RouteContext, Traffic } from "../router.ts";
import { isReservedRoute, reservedRoutes } from "./reserved-routes.ts";

/** The members of a VirtualService's spec that are ours in one that we made. */
export const OWNED_SPEC: readonly string[] = ["hosts", "gateways", "http"];

/**
 * The whole spec of the generated VirtualService: a weighted route between primary and canary.
 *
 * A destination without a port means the only port of its Service or, where there are several, the port that the
 * client asked for. A gateway's own port is none of them: with several ports (`isMultiPort`) gateways get a route of
 * their own that names the port.
 */
export function buildVirtualServiceSpec(
  context: RouteContext,
  traffic: Traffic,
  isMultiPort = false,
): VirtualService["spec"] {
  const { istio } = context.spec.traffic;
  const { apexService } = namesOf(context.rollout);
  const weighted = withTraffic(routeSettings(istio), context, traffic);
  return {
    hosts: [...new Set([...istio.hosts, apexService])],
    gateways: gatewaysOf(istio),
    http: [
      ...reservedNow(context, traffic, isMultiPort),
      ...(isMultiPort ? byGateway(weighted, context) : [weighted]),
    ],
  };
}

/** The apex Service is always a host, and its callers are in the mesh: without it they would pass the canary by. */
function gatewaysOf(istio: IstioSpec): readonly string[] {
  return [...new Set([...istio.gateways, MESH])];
}

function reservedNow(context: RouteContext, traffic: Traffic, isMultiPort: boolean): readonly HttpRoute[] {
  if (!traffic.reserved) return [];
  const routes = reservedRoutes(context, routeSettings(context.spec.traffic.istio));
  return isMultiPort ? routes.flatMap((route) => byGateway(route, context)) : routes;
}

/** What VirtualServices call the sidecars. */
const MESH = "mesh";

/** The route as gateways need it, with the port, and as the mesh does. */
function byGateway(route: HttpRoute, context: RouteContext): readonly HttpRoute[] {
  const gateways = gatewaysOf(context.spec.traffic.istio);
  const outside = gateways.filter((gateway) => gateway !== MESH);
  if (outside.length === 0) return [route];
  const port = { number: context.spec.service.port };
  const withPort = {
    ...route,
    route: (route.route ?? []).map((it) => ({ ...it, destination: { ...it.destination, port } })),
    ...(route.mirror === undefined ? {} : { mirror: { ...route.mirror, port } }),
  };
  return [...forGateways(withPort, outside), ...forGateways(route, [MESH])];
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

/** What the VirtualService makes of traffic now: the largest share that any of its routes gives the canary. */
export function readTraffic(virtualService: VirtualService, context: RouteContext): Traffic {
  const isCanary = hostMatcher(context, "canary");
  const all = virtualService.spec?.http ?? [];
  const routes = all.filter((route) => !isReservedRoute(route));
  return {
    canaryWeight: Math.max(0, ...routes.map((route) => canaryShare(route, isCanary))),
    shadowPercent: Math.max(0, ...routes.map((route) => mirroredShare(route, isCanary))),
    reserved: all.length > routes.length,
  };
}

/**
 * The routes with these weights and this mirror, everything else in them untouched. Routes that name neither side are
 * left alone; when none names them (somebody emptied the object), the generated one takes their place, so that going
 * back to weight 0 works whatever was done to the object.
 */
export function routesWithTraffic(
  virtualService: VirtualService,
  context: RouteContext,
  traffic: Traffic,
  isMultiPort = false,
): readonly HttpRoute[] {
  const isPrimary = hostMatcher(context, "primary");
  const isCanary = hostMatcher(context, "canary");
  const routes = (virtualService.spec?.http ?? []).filter((route) => !isReservedRoute(route));
  const isOurs = (route: HttpRoute) =>
    route.route?.some(({ destination }) => isPrimary(destination) || isCanary(destination)) ?? false;
  if (!routes.some(isOurs)) return buildVirtualServiceSpec(context, traffic, isMultiPort).http ?? [];
  const first = routes.findIndex(isOurs);
  return [
    ...routes.slice(0, first),
    ...reservedNow(context, traffic, isMultiPort),
    ...routes.slice(first).map((route) => (isOurs(route) ? withTraffic(route, context, traffic) : route)),
  ];
}

/** Both destinations with their weights written out, 0 too: a weight that is left out means something else. */
function withTraffic(route: HttpRoute, context: RouteContext, traffic: Traffic): HttpRoute {
  const { primaryService, canaryService } = namesOf(context.rollout);
  const { mirror: _mirror, mirrorPercentage: _percentage, mirrors: _mirrors, ...rest } = route;
  const destinationOf = (side: "primary" | "canary", host: string, weight: number): RouteDestination => {
    const isSide = hostMatcher(context, side);
    const existing = route.route?.find(({ destination }) => isSide(destination));
    return { ...(existing ?? { destination: { host } }), weight };
  };
  const canary = destinationOf("canary", canaryService, traffic.canaryWeight);
  return {
    ...rest,
    route: [destinationOf("primary", primaryService, 100 - traffic.canaryWeight), canary],
    ...(traffic.shadowPercent === 0
      ? {}
      : { mirror: canary.destination, mirrorPercentage: { value: traffic.shadowPercent } }),
  };
}

/** What the spec says about the weighted route, in Istio's words. */
function routeSettings(istio: IstioSpec): HttpRoute {
  const { match, timeout, retries, headers, corsPolicy } = istio;
  return {
    ...(match === undefined || match.length === 0 ? {} : { match }),
    ...(isPositive(timeout) ? { timeout } : {}),
    ...(retries === undefined ? {} : { retries: withoutZeroDuration(retries, "perTryTimeout") }),
    ...(headers === undefined ? {} : { headers }),
    ...(corsPolicy === undefined ? {} : { corsPolicy: withoutZeroDuration(corsPolicy, "maxAge") }),
  } as HttpRoute;
}

/** Istio refuses durations below 1ms; 0 means "none", which it writes by leaving the member out. */
function withoutZeroDuration<T extends object>(settings: T, member: keyof T & string): T {
  const value = settings[member];
  if (typeof value !== "string" || isPositive(value)) return settings;
  const { [member]: _zero, ...rest } = settings;
  return rest as T;
}

function isPositive(duration: string | undefined): duration is string {
  return duration !== undefined && (parseDuration(duration) ?? 0) > 0;
}

/** A host may be written short or in full: `checkout-canary`, `checkout-canary.shop.svc.cluster.local`. */
function hostMatcher(
  context: RouteContext,
  side: "primary" | "canary",
): (destination: Destination) => boolean {
  const { primaryService, canaryService } = namesOf(context.rollout);
  const short = side === "primary" ? primaryService : canaryService;
  const full = `${short}.${context.rollout.metadata.namespace ?? "default"}`;
  return ({ host }) => host === short || host === full || host.startsWith(`${full}.svc`);
}

/** A lone destination without a weight gets everything. Rounded up: the least share is a share. */
function canaryShare(route: HttpRoute, isCanary: (destination: Destination) => boolean): number {
  const destinations = route.route ?? [];
  const weightOf = (it: RouteDestination) => it.weight ?? (destinations.length === 1 ? 100 : 0);
  const total = sum(destinations.map(weightOf));
  const canary = sum(destinations.filter((it) => isCanary(it.destination)).map(weightOf));
  return total === 0 ? 0 : Math.ceil((100 * canary) / total);
}

function mirroredShare(route: HttpRoute, isCanary: (destination: Destination) => boolean): number {
  const single =
    route.mirror !== undefined && isCanary(route.mirror) ? (route.mirrorPercentage?.value ?? 100) : 0;
  const several = (route.mirrors ?? [])
    .filter((it) => isCanary(it.destination))
    .map((it) => it.percentage?.value ?? 100);
  return Math.ceil(Math.max(single, ...several));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
