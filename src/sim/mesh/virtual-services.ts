import { expandedRoutes, type OwnedRoute } from "./delegates.ts";
import { hostMatch, resolveShortName } from "./hosts.ts";
import type { VirtualService } from "./istio.ts";
import { servesGateway } from "./match.ts";
import type { View } from "./view.ts";
import { isVisible } from "./visibility.ts";

/** Who asks: names of the host that is called, where the request enters, and the namespace of its proxy. */
export interface RouteQuestion {
  readonly names: readonly string[];
  readonly gateway: string;
  readonly viewer: string;
}

interface Candidate {
  readonly object: VirtualService;
  readonly score: number;
}

/** The VirtualServices that speak of a host: the most specific ones first, of several equal ones the oldest. */
export function virtualServicesFor(view: View, question: RouteQuestion): readonly VirtualService[] {
  return candidates(view, question).map(({ object }) => object);
}

/**
 * The http routes for a host; null when no VirtualService speaks of it. In a sidecar one VirtualService has a host for
 * itself; at a gateway the routes of all that name it equally are joined, those that take everything last.
 */
export function httpRoutesFor(view: View, question: RouteQuestion): readonly OwnedRoute[] | null {
  const [best, ...others] = candidates(view, question);
  if (best === undefined) return null;
  const routes = expandedRoutes(view, best.object);
  const equals = question.gateway === "mesh" ? [] : others.filter(({ score }) => score === best.score);
  if (equals.length === 0) return routes;
  const all = [...routes, ...equals.flatMap(({ object }) => expandedRoutes(view, object))];
  return [...all.filter((it) => !takesAll(it)), ...all.filter(takesAll)];
}

function candidates(view: View, { names, gateway, viewer }: RouteQuestion): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const object of view.virtualServices.values()) {
    const namespace = object.metadata.namespace ?? "";
    const { gateways = [], exportTo } = object.spec ?? {};
    if (!servesGateway(gateways.length === 0 ? ["mesh"] : gateways, gateway, namespace)) continue;
    const score = hostScore(object, names);
    if (score !== null && isVisible(exportTo, namespace, viewer)) found.push({ object, score });
  }
  return found.sort((a, b) => b.score - a.score || (order(a.object) < order(b.object) ? -1 : 1));
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

function order({ metadata }: VirtualService): string {
  return `${metadata.creationTimestamp ?? ""} ${metadata.namespace}/${metadata.name}`;
}

/** A route without conditions, or with a block that has none but a path of `/`. */
function takesAll({ route: { match = [] } }: OwnedRoute): boolean {
  return match.length === 0 || match.some((block) => isOpen(block.uri) && onlyUri(block));
}

function isOpen(uri: { readonly prefix?: string; readonly exact?: string; readonly regex?: string } = {}) {
  return uri.exact === undefined && uri.regex === undefined && (uri.prefix ?? "/") === "/";
}

function onlyUri(block: object): boolean {
  return Object.keys(block).every((key) => key === "uri" || key === "name");
}
