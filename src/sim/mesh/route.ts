import { keyText } from "../../kube/object.ts";
import { type Cluster, clusterOf, type ServiceName } from "./clusters.ts";
import { cookiesOf } from "./cookies.ts";
import type { OwnedRoute } from "./delegates.ts";
import { serviceHost, serviceNamed, withoutPort } from "./hosts.ts";
import type { HttpMatchRequest } from "./istio.ts";
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
  return service === null ? NO_CLUSTER : { ...plainPlan(view, request, service), retry: NO_RETRY };
}

export function knownService(
  view: View,
  { authority, source }: Pick<RequestShape, "authority" | "source">,
): ServiceName | null {
  const named = serviceNamed(authority, source.namespace);
  return named !== null && view.services.has(keyText(named)) ? named : null;
}

/** A gateway's proxy looks from the gateway's namespace. */
export function questionOf(
  { authority, gateway, source }: Pick<RequestShape, "authority" | "gateway" | "source">,
  service: ServiceName | null,
): RouteQuestion {
  const names = [withoutPort(authority)];
  if (service !== null) names.push(serviceHost(service.name, service.namespace));
  const [namespace, name] = gateway.split("/");
  return { names, gateway, namespace: name === undefined ? source.namespace : (namespace ?? "") };
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
  return forwardPlan(view, owned, rewritten(owned.route, block, request), request.port);
}

function forwardPlan(
  view: View,
  { route, namespace }: OwnedRoute,
  seen: SeenRequest,
  port: number,
): HttpPlan {
  const backends = route.route ?? [];
  const isLone = backends.length === 1;
  const destinations = backends.map((backend) => ({
    // A lone destination gets everything, whatever its weight says; among several, none given means 0.
    share: isLone ? 100 : (backend.weight ?? 0),
    cluster: clusterOf(view, backend.destination, namespace, port),
    seen,
    cookies: cookiesOf(route.headers, backend.headers, isLone),
  }));
  if (!destinations.some((destination) => destination.share > 0)) return NO_ROUTE;
  return {
    kind: "forward",
    destinations,
    mirrors: mirrorsOf(view, { route, namespace }, shadowOf(seen), port),
    fault: faultPolicy(route.fault),
    retry: retryPolicy(route.retries),
    timeoutMs: timeoutMs(route.timeout),
  };
}

function mirrorsOf(
  view: View,
  { route, namespace }: Pick<OwnedRoute, "route" | "namespace">,
  seen: SeenRequest,
  port: number,
): WeightedCluster[] {
  const mirrors = (route.mirrors ?? []).map(({ destination, percentage }) => ({
    share: (percentage === undefined ? 100 : (percentage.value ?? 0)) / 100,
    cluster: clusterOf(view, destination, namespace, port),
    seen,
  }));
  if (route.mirror === undefined) return mirrors;
  const { mirrorPercentage, mirrorPercent } = route;
  const percent = mirrorPercentage === undefined ? (mirrorPercent ?? 100) : (mirrorPercentage.value ?? 0);
  const cluster = clusterOf(view, route.mirror, namespace, port);
  return [{ share: percent / 100, cluster, seen }, ...mirrors];
}

/** A Service without a VirtualService. */
function plainPlan(view: View, { path, authority, port }: RequestShape, service: ServiceName): ForwardPlan {
  const host = serviceHost(service.name, service.namespace);
  const cluster = clusterOf(view, { host }, service.namespace, port);
  return {
    kind: "forward",
    destinations: [{ share: 100, cluster, seen: { path, authority }, cookies: [] }],
    mirrors: [],
    fault: faultPolicy(undefined),
    retry: retryPolicy(undefined),
    timeoutMs: null,
  };
}
