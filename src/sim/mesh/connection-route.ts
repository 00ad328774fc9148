import { keyText } from "../../kube/object.ts";
import { type Cluster, clusterOf } from "./clusters.ts";
import { hostMatch, serviceHost } from "./hosts.ts";
import type { ConnectionMatch, ConnectionRoute, VirtualService } from "./istio.ts";
import { comesFrom, type RequestShape, servesGateway } from "./match.ts";
import { portProtocol } from "./ports.ts";
import { knownService, questionOf, viewerOf } from "./route.ts";
import type { View } from "./view.ts";
import { virtualServicesFor } from "./virtual-services.ts";

/** What a proxy does with connections that it does not look into. */
export interface ConnectPlan {
  readonly kind: "connect";
  /** Shares on any scale. None at all: no listener takes the connection. */
  readonly destinations: readonly { readonly share: number; readonly cluster: Cluster }[];
}

/** A connection to `authority`; where it is encrypted, that is the server name that it asks for. */
export type ConnectionShape = Pick<RequestShape, "authority" | "gateway" | "source" | "port">;

/**
 * Follows istiod: at a port that speaks TLS the `tls` routes by server name, else the `tcp` routes; in a sidecar the
 * called Service where no route takes the connection, at a gateway nobody.
 */
export function connectPlan(view: View, shape: ConnectionShape, isEncrypted: boolean): ConnectPlan {
  const service = knownService(view, shape);
  const isMesh = shape.gateway === "mesh";
  const port = service === null ? "auto" : portProtocol(view.services.get(keyText(service)), shape.port);
  const isTls = isMesh ? port === "tls" : isEncrypted;
  for (const object of virtualServicesFor(view, questionOf(shape, service))) {
    const namespace = object.metadata.namespace ?? "";
    const route = routeOf(object, shape, isTls, namespace);
    if (route !== null)
      return { kind: "connect", destinations: destinationsOf(view, route, namespace, shape) };
  }
  return isMesh ? directConnectPlan(view, shape) : { kind: "connect", destinations: [] };
}

/** Straight to the Service. */
export function directConnectPlan(
  view: View,
  shape: ConnectionShape,
  seenAs: (cluster: Cluster) => Cluster = (cluster) => cluster,
): ConnectPlan {
  const service = knownService(view, shape);
  if (service === null) return { kind: "connect", destinations: [] };
  const { name, namespace } = service;
  const context = { namespace, port: shape.port, viewer: viewerOf(shape) };
  const cluster = clusterOf(view, { host: serviceHost(name, namespace) }, context);
  return { kind: "connect", destinations: [{ share: 100, cluster: seenAs(cluster) }] };
}

function routeOf(
  object: VirtualService,
  shape: ConnectionShape,
  isTls: boolean,
  namespace: string,
): ConnectionRoute | null {
  const { tls = [], tcp = [] } = object.spec ?? {};
  if (isTls) {
    return (
      tls.find(({ match = [] }) => match.some((it) => asksFor(it, shape) && takes(it, shape, namespace))) ??
      null
    );
  }
  const isTaken = ({ match = [] }: ConnectionRoute) =>
    match.length === 0 || match.some((it) => takes(it, shape, namespace));
  return tcp.find(isTaken) ?? null;
}

/** Server names may have a wildcard in front. */
function asksFor({ sniHosts = [] }: ConnectionMatch, { authority, source }: ConnectionShape): boolean {
  const names = [authority, serviceHost(authority, source.namespace)];
  return sniHosts.some((pattern) => names.some((name) => hostMatch(pattern.toLowerCase(), name) !== null));
}

function takes(
  match: ConnectionMatch,
  { port, gateway, source }: ConnectionShape,
  namespace: string,
): boolean {
  const { gateways = [] } = match;
  return (
    (match.port === undefined || match.port === port) &&
    (gateways.length === 0 || servesGateway(gateways, gateway, namespace)) &&
    comesFrom(match, source)
  );
}

function destinationsOf(
  view: View,
  { route = [] }: ConnectionRoute,
  namespace: string,
  shape: ConnectionShape,
): ConnectPlan["destinations"] {
  const context = { namespace, port: shape.port, viewer: viewerOf(shape) };
  return route.map(({ destination, weight }) => ({
    share: route.length === 1 ? 100 : (weight ?? 0),
    cluster: clusterOf(view, destination, context),
  }));
}
