import { keyText } from "../../kube/object.ts";
import {
  type Cluster,
  clusterOf,
  type DestinationContext,
  type ServiceName,
  withoutProxy,
} from "./clusters.ts";
import { cookiesOf } from "./cookies.ts";
import type { OwnedRoute } from "./delegates.ts";
import { serviceHost, serviceNamed, withoutPort } from "./hosts.ts";
import type { HttpMatchRequest, HttpRoute } from "./istio.ts";
import { matchingBlock, type RequestShape } from "./match.ts";
import {
  type FaultPolicy,
  faultPolicy,
  NO_RETRY,
  type RetryPolicy,
  retryPolicy,
  timeoutMs,
} from "./policy.ts";
import { rewritten, type SeenRequest, shadowOf } from "./rewrite.ts";
import type { View } from "./view.ts";
import { httpRoutesFor, type RouteQuestion } from "./virtual-services.ts";

/** What a proxy does with HTTP requests of one shape. */
export type HttpPlan = AnswerPlan | ForwardPlan;

/** The proxy answers by itself: no route, a redirect, a direct response. */
export interface AnswerPlan {
  readonly kind: "answer";
  readonly status: number;
  readonly flags: string;
  /** Values of the Set-Cookie headers that the route puts into answers. */
  readonly cookies: readonly string[];
}

export interface ForwardPlan {
  readonly kind: "forward";
  /** Shares on any scale; a share of 0 gets nothing. */
  readonly destinations: readonly RouteTarget[];
  /** Shares from 0 to 1, each of all live requests. */
  readonly mirrors: readonly WeightedCluster[];
  readonly fault: FaultPolicy;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | null;
}

export interface WeightedCluster {
  readonly share: number;
  readonly cluster: Cluster;
  /** What is left of the request when it arrives. */
  readonly seen: SeenRequest;
}

export interface RouteTarget extends WeightedCluster {
  /** Values of the Set-Cookie headers that the route puts into answers. */
  readonly cookies: readonly string[];
}

/** No virtual host, or none of its routes, takes the request. */
export const NO_ROUTE: HttpPlan = { kind: "answer", status: 404, flags: "NR", cookies: [] };
const NO_CLUSTER: HttpPlan = { kind: "answer", status: 503, flags: "NC", cookies: [] };

/** Finds the route of a request as Istio's proxies do: host first, then the http routes in their order. */
export function planFor(view: View, request: RequestShape): HttpPlan {
  const service = knownService(view, request);
  const routes = httpRoutesFor(view, questionOf(request, service));
  if (routes !== null) return routedPlan(view, routes, request);
  if (request.gateway !== "mesh") return NO_ROUTE;
  return service === null ? NO_CLUSTER : plainPlan(view, request, service);
}

/** A client without a proxy: DNS and kube-proxy know the Service and no routes; nothing is retried. */
export function directPlan(view: View, request: RequestShape): HttpPlan {
  const service = knownService(view, request);
  if (service === null) return NO_CLUSTER;
  const plan = plainPlan(view, request, service);
  const destinations = plan.destinations.map((it) => ({ ...it, cluster: withoutProxy(it.cluster) }));
  return { ...plan, destinations, retry: NO_RETRY };
}

export function knownService(
  view: View,
  { authority, source }: Pick<RequestShape, "authority" | "source">,
): ServiceName | null {
  const named = serviceNamed(authority, source.namespace);
  return named !== null && view.services.has(keyText(named)) ? named : null;
}

export function questionOf(
  shape: Pick<RequestShape, "authority" | "gateway" | "source">,
  service: ServiceName | null,
): RouteQuestion {
  const names = [withoutPort(shape.authority)];
  if (service !== null) names.push(serviceHost(service.name, service.namespace));
  return { names, gateway: shape.gateway, viewer: viewerOf(shape) };
}

/** The namespace that the proxy is in; a gateway's is taken to be the gateway's own. */
export function viewerOf({ gateway, source }: Pick<RequestShape, "gateway" | "source">): string {
  const [namespace = "", name] = gateway.split("/");
  return name === undefined ? source.namespace : namespace;
}

function routedPlan(view: View, routes: readonly OwnedRoute[], request: RequestShape): HttpPlan {
  for (const owned of routes) {
    const block = matchingBlock(owned.route.match, request, owned.root);
    if (block !== null) return planOf(view, owned, block, request);
  }
  return NO_ROUTE;
}

function planOf(view: View, owned: OwnedRoute, block: HttpMatchRequest, request: RequestShape): HttpPlan {
  const { headers, redirect, directResponse } = owned.route;
  const cookies = cookiesOf(headers);
  if (redirect !== undefined) {
    return { kind: "answer", status: redirect.redirectCode ?? 301, flags: "-", cookies };
  }
  if (directResponse !== undefined) {
    return { kind: "answer", status: directResponse.status, flags: "-", cookies };
  }
  return forwardPlan(view, owned, rewritten(owned.route, block, request), request);
}

function forwardPlan(
  view: View,
  { route, namespace }: OwnedRoute,
  seen: SeenRequest,
  request: RequestShape,
): HttpPlan {
  const context = { namespace, port: request.port, viewer: viewerOf(request) };
  const backends = route.route ?? [];
  const isLone = backends.length === 1;
  const destinations = backends.map((backend) => ({
    // A lone destination gets everything, whatever its weight says; among several, none given means 0.
    share: isLone ? 100 : (backend.weight ?? 0),
    cluster: clusterOf(view, backend.destination, context),
    seen,
    cookies: cookiesOf(route.headers, backend.headers, isLone),
  }));
  if (!destinations.some((destination) => destination.share > 0)) return NO_ROUTE;
  return {
    kind: "forward",
    destinations,
    mirrors: mirrorsOf(view, route, shadowOf(seen), context),
    fault: faultPolicy(route.fault),
    retry: retryPolicy(route.retries),
    timeoutMs: timeoutMs(route.timeout),
  };
}

function mirrorsOf(
  view: View,
  route: HttpRoute,
  seen: SeenRequest,
  context: DestinationContext,
): WeightedCluster[] {
  const mirrors = (route.mirrors ?? []).map(({ destination, percentage }) => ({
    share: (percentage === undefined ? 100 : (percentage.value ?? 0)) / 100,
    cluster: clusterOf(view, destination, context),
    seen,
  }));
  if (route.mirror === undefined) return mirrors;
  const { mirrorPercentage, mirrorPercent } = route;
  const percent = mirrorPercentage === undefined ? (mirrorPercent ?? 100) : (mirrorPercentage.value ?? 0);
  const cluster = clusterOf(view, route.mirror, context);
  return [{ share: percent / 100, cluster, seen }, ...mirrors];
}

/** A Service without a VirtualService. */
function plainPlan(view: View, request: RequestShape, { name, namespace }: ServiceName): ForwardPlan {
  const { path, authority, port } = request;
  const context = { namespace, port, viewer: viewerOf(request) };
  const cluster = clusterOf(view, { host: serviceHost(name, namespace) }, context);
  return {
    kind: "forward",
    destinations: [{ share: 100, cluster, seen: { path, authority }, cookies: [] }],
    mirrors: [],
    fault: faultPolicy(undefined),
    retry: retryPolicy(undefined),
    timeoutMs: null,
  };
}
