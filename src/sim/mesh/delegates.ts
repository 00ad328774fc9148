import type { HttpMatchRequest, HttpRoute, StringMatch, VirtualService } from "./istio.ts";
import type { View } from "./view.ts";
import { isVisible } from "./visibility.ts";

/** A route, and what short names in it are relative to. */
export interface OwnedRoute {
  readonly route: HttpRoute;
  /** Of hosts: the namespace of the object that the route stands in. */
  readonly namespace: string;
  /** Of gateways: the namespace of the object that has the host. */
  readonly root: string;
}

/**
 * The http routes of a VirtualService with those of its delegates in their places (istio/pilot/pkg/model/virtualservice.go).
 * A delegate that is missing, has hosts, or is not exported to the root's namespace leaves a gap.
 */
export function expandedRoutes(view: View, root: VirtualService): readonly OwnedRoute[] {
  const namespace = root.metadata.namespace ?? "";
  return (root.spec?.http ?? []).flatMap((route): readonly OwnedRoute[] => {
    if (route.delegate === undefined) return [{ route, namespace, root: namespace }];
    const at = route.delegate.namespace ?? namespace;
    const delegate = view.virtualServices.get(`${at}/${route.delegate.name ?? ""}`);
    const { hosts = [], exportTo, http = [] } = delegate?.spec ?? {};
    if (delegate === undefined || hosts.length > 0 || !isVisible(exportTo, at, namespace)) return [];
    return http
      .map((part) => merged(route, part))
      .filter((part) => part !== null)
      .map((part) => ({ route: part, namespace: at, root: namespace }));
  });
}

/** What the root says holds where the delegate says nothing; null when their conditions exclude each other. */
function merged(root: HttpRoute, part: HttpRoute): HttpRoute | null {
  const match = mergedMatches(root.match ?? [], part.match ?? []);
  if (match === null) return null;
  const { delegate: _, route: __, redirect: ___, directResponse: ____, ...inherited } = root;
  return { ...inherited, ...part, match };
}

function mergedMatches(
  root: readonly HttpMatchRequest[],
  part: readonly HttpMatchRequest[],
): readonly HttpMatchRequest[] | null {
  if (root.length === 0) return part;
  if (part.length === 0) return root;
  const all: HttpMatchRequest[] = [];
  for (const own of part) {
    const fitting = root.filter((block) => !conflict(block, own));
    if (fitting.length === 0) return null;
    for (const block of fitting) all.push(mergedMatch(block, own));
  }
  return all;
}

function mergedMatch(root: HttpMatchRequest, own: HttpMatchRequest): HttpMatchRequest {
  return {
    ...root,
    ...own,
    headers: { ...root.headers, ...own.headers },
    withoutHeaders: { ...root.withoutHeaders, ...own.withoutHeaders },
    queryParams: { ...root.queryParams, ...own.queryParams },
  };
}

function conflict(root: HttpMatchRequest, own: HttpMatchRequest): boolean {
  const texts = ["uri", "scheme", "method", "authority"] as const;
  const maps = [
    [root.headers, own.headers],
    // As istiod has it: what must be absent is held against what must be there.
    [root.headers, own.withoutHeaders],
    [root.queryParams, own.queryParams],
  ] as const;
  return (
    texts.some((key) => excludes(root[key], own[key])) ||
    maps.some(([wide = {}, narrow = {}]) =>
      Object.entries(narrow).some(([key, match]) => excludes(wide[key], match)),
    ) ||
    (root.ignoreUriCase === true) !== (own.ignoreUriCase === true) ||
    (root.port !== undefined && own.port !== undefined && root.port !== own.port)
  );
}

/** Whether the delegate's condition is not a part of the root's. Istio refuses any regex in either. */
function excludes(root: StringMatch | undefined, own: StringMatch | undefined): boolean {
  if (root === undefined || own === undefined) return false;
  if (root.regex !== undefined || own.regex !== undefined) return true;
  if (root.exact !== undefined) return own.exact !== root.exact;
  const text = own.prefix ?? own.exact;
  return root.prefix === undefined || text === undefined || !text.startsWith(root.prefix);
}
