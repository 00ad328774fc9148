import { keyText } from "../../kube/object.ts";
import { type Cluster, clusterOf, type ServiceName } from "./clusters.ts";
import { cookiesOf } from "./cookies.ts";
import { hostMatch, resolveShortName, serviceHost, serviceNamed, withoutPort } from "./hosts.ts";
import type { HttpRoute, VirtualService } from "./istio.ts";
import { matchesAny, type RequestShape, servesGateway } from "./match.ts";
import {
  type FaultPolicy,
  faultPolicy,
  NO_RETRY,
  type RetryPolicy,
  retryPolicy,
  timeoutMs,
} from "./policy.ts";
import type { View } from "./view.ts";

/** What a proxy does with requests of one shape. */
export type Plan = AnswerPlan | ForwardPlan;

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
}

export interface RouteTarget extends WeightedCluster {
  /** Values of the Set-Cookie headers that the route puts into answers. */
  readonly cookies: readonly string[];
}

/** No virtual host, or none of its routes, takes the request. */
export const NO_ROUTE: Plan = { kind: "answer", status: 404, flags: "NR", cookies: [] };
const NO_CLUSTER: Plan = { kind: "answer", status: 503, flags: "NC", cookies: [] };

/** Finds the route of a request as Istio's proxies do: host first, then the http routes in their order. */
export function planFor(view: View, request: RequestShape): Plan {
  const service = knownService(view, request);
  const names = [withoutPort(request.authority)];
  if (service !== null) names.push(serviceHost(service.name, service.namespace));
  const virtualService = virtualServiceFor(view, names, request.gateway);
  if (virtualService !== null) return routedPlan(view, virtualService, request);
  if (request.gateway !== "mesh") return NO_ROUTE;
  if (service === null) return NO_CLUSTER;
  return plainPlan(
    clusterOf(view, { host: serviceHost(service.name, service.namespace) }, service.namespace),
  );
}

/** A client without a proxy: DNS and kube-proxy know the Service and no routes; nothing is retried. */
export function directPlan(view: View, request: RequestShape): Plan {
  const service = knownService(view, request);
  if (service === null) return NO_CLUSTER;
  const host = serviceHost(service.name, service.namespace);
  return { ...plainPlan(clusterOf(view, { host }, service.namespace)), retry: NO_RETRY };
}

function knownService(view: View, request: RequestShape): ServiceName | null {
  const named = serviceNamed(request.authority, request.source.namespace);
  return named !== null && view.services.has(keyText(named)) ? named : null;
}

/** The VirtualService with the most specific host; of several equal ones the oldest, as in Istio. */
function virtualServiceFor(view: View, names: readonly string[], gateway: string): VirtualService | null {
  let best: { readonly score: number; readonly object: VirtualService } | null = null;
  for (const object of view.virtualServices.values()) {
    const namespace = object.metadata.namespace ?? "";
    const gateways = object.spec?.gateways ?? [];
    if (!servesGateway(gateways.length === 0 ? ["mesh"] : gateways, gateway, namespace)) continue;
    const score = hostScore(object, names);
    if (score === null) continue;
    if (best === null || score > best.score || (score === best.score && isOlder(object, best.object))) {
      best = { score, object };
    }
  }
  return best?.object ?? null;
}

function hostScore(object: VirtualService, names: readonly string[]): number | null {
  let best: number | null = null;
  for (const host of object.spec?.hosts ?? []) {
    const pattern = resolveShortName(host.toLowerCase(), object.metadata.namespace ?? "");
    for (const name of names) {
      const score = hostMatch(pattern, name);
      if (score !== null && (best === null || score > best)) best = score;
    }
  }
  return best;
}

function isOlder(a: VirtualService, b: VirtualService): boolean {
  const order = (object: VirtualService) =>
    `${object.metadata.creationTimestamp ?? ""} ${object.metadata.namespace}/${object.metadata.name}`;
  return order(a) < order(b);
}

function routedPlan(view: View, virtualService: VirtualService, request: RequestShape): Plan {
  const namespace = virtualService.metadata.namespace ?? "";
  const routes = virtualService.spec?.http ?? [];
  const route = routes.find((candidate) => matchesAny(candidate.match, request, namespace));
  if (route === undefined) return NO_ROUTE;
  const cookies = cookiesOf(undefined, route.headers);
  if (route.redirect !== undefined) {
    return { kind: "answer", status: route.redirect.redirectCode ?? 301, flags: "-", cookies };
  }
  if (route.directResponse !== undefined) {
    return { kind: "answer", status: route.directResponse.status, flags: "-", cookies };
  }
  return forwardPlan(view, route, namespace);
}

function forwardPlan(view: View, route: HttpRoute, namespace: string): Plan {
  const backends = route.route ?? [];
  const destinations = backends.map((backend) => ({
    // A lone destination gets everything, whatever its weight says; among several, none given means 0.
    share: backends.length === 1 ? 100 : (backend.weight ?? 0),
    cluster: clusterOf(view, backend.destination, namespace),
    cookies: cookiesOf(backend.headers, route.headers),
  }));
  if (!destinations.some((destination) => destination.share > 0)) return NO_ROUTE;
  return {
    kind: "forward",
    destinations,
    mirrors: mirrorsOf(view, route, namespace),
    fault: faultPolicy(route.fault),
    retry: retryPolicy(route.retries),
    timeoutMs: timeoutMs(route.timeout),
  };
}

function mirrorsOf(view: View, route: HttpRoute, namespace: string): WeightedCluster[] {
  const mirrors = (route.mirrors ?? []).map(({ destination, percentage }) => ({
    share: (percentage === undefined ? 100 : (percentage.value ?? 0)) / 100,
    cluster: clusterOf(view, destination, namespace),
  }));
  if (route.mirror === undefined) return mirrors;
  const { mirrorPercentage, mirrorPercent } = route;
  const percent = mirrorPercentage === undefined ? (mirrorPercent ?? 100) : (mirrorPercentage.value ?? 0);
  return [...mirrors, { share: percent / 100, cluster: clusterOf(view, route.mirror, namespace) }];
}

/** A Service without a VirtualService. */
function plainPlan(cluster: Cluster): ForwardPlan {
  return {
    kind: "forward",
    destinations: [{ share: 100, cluster, cookies: [] }],
    mirrors: [],
    fault: faultPolicy(undefined),
    retry: retryPolicy(undefined),
    timeoutMs: null,
  };
}
