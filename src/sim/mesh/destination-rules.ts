import { hostMatch, resolveShortName, serviceHost, serviceNamed } from "./hosts.ts";
import type { DestinationRule, TrafficPolicy } from "./istio.ts";
import type { View } from "./view.ts";
import { isVisible } from "./visibility.ts";

/** What DestinationRules say of one host (and subset, and port), as a proxy in `viewer` sees it. */
export interface DestinationPolicy {
  /** Labels of the subset's pods; null: no rule defines the subset. */
  readonly labels: Readonly<Record<string, string>> | null;
  readonly policy: TrafficPolicy;
}

export interface PolicyQuestion {
  /** Full name. */
  readonly host: string;
  /** The namespace of the host's Service. */
  readonly owner: string;
  readonly subset: string | undefined;
  readonly port: number;
  /** The namespace of the proxy. */
  readonly viewer: string;
}

/**
 * Rules of the proxy's own namespace go before those of the Service's and of others, exact hosts before wildcards, older
 * before younger. The first rule that defines the subset has it; the first one of all has the policy of the host, of
 * which a subset's takes the place member by member, and a port's that of both.
 */
export function destinationPolicy(view: View, question: PolicyQuestion): DestinationPolicy {
  const { subset, port } = question;
  const rules = rulesFor(view, question);
  const own = subset === undefined ? undefined : subsetIn(rules, subset);
  const layers = [rules[0]?.spec?.trafficPolicy, own?.trafficPolicy];
  const ports = layers.map((layer) =>
    layer?.portLevelSettings?.find((settings) => settings.port?.number === port),
  );
  const policy: TrafficPolicy = Object.assign({}, ...layers, ...ports);
  if (subset === undefined) return { labels: {}, policy };
  return { labels: own === undefined ? null : (own.labels ?? {}), policy };
}

function subsetIn(rules: readonly DestinationRule[], name: string) {
  for (const rule of rules) {
    const found = rule.spec?.subsets?.find((subset) => subset.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function rulesFor(view: View, { host, owner, viewer }: PolicyQuestion): readonly DestinationRule[] {
  const found: { readonly rule: DestinationRule; readonly order: string }[] = [];
  for (const rule of view.destinationRules.values()) {
    const namespace = rule.metadata.namespace ?? "";
    const score = hostMatch(fullPattern(rule.spec?.host ?? "", namespace), host);
    if (score === null || !isVisible(rule.spec?.exportTo, namespace, viewer)) continue;
    const distance = [viewer, owner, namespace].indexOf(namespace);
    const width = String(Number.MAX_SAFE_INTEGER - score).padStart(20, "0");
    const age = `${rule.metadata.creationTimestamp ?? ""} ${rule.metadata.name}`;
    found.push({ rule, order: `${distance} ${width} ${age}` });
  }
  return found.sort((a, b) => (a.order < b.order ? -1 : 1)).map(({ rule }) => rule);
}

function fullPattern(host: string, namespace: string): string {
  const pattern = resolveShortName(host, namespace);
  const named = serviceNamed(pattern, namespace);
  return named === null || pattern.includes("*") ? pattern : serviceHost(named.name, named.namespace);
}
