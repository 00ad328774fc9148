import type { DestinationRule } from "../kube/kind/network.ts";
import { fullHost, hostScore, isVisible } from "./hosts.ts";
import type { PreflightView } from "./view.ts";

export interface TlsPolicy {
  readonly mode?: string;
}

export interface OutlierPolicy {
  readonly consecutive5xxErrors?: number;
  readonly consecutiveGatewayErrors?: number;
  readonly baseEjectionTime?: string;
  readonly maxEjectionPercent?: number;
  readonly minHealthPercent?: number;
}

/** One member of a trafficPolicy, and where it stands. */
export interface Said<T> {
  readonly rule: DestinationRule;
  readonly field: string;
  readonly value: T;
}

/** What is asked for: a full host, and a subset of it. */
export interface PolicyTarget {
  readonly host: string;
  readonly subset: string | undefined;
}

/**
 * The DestinationRules that hold for a host, as callers beside it see them: those of its namespace before those of the
 * root namespace, exact hosts before patterns, older before younger.
 */
export function rulesFor(view: PreflightView, host: string): readonly DestinationRule[] {
  const found = view.destinationRules.flatMap((rule) => {
    const { namespace = "" } = rule.metadata;
    const score = hostScore(fullHost(rule.spec.host ?? "", namespace), host);
    if (score === null || !isVisible(rule.spec.exportTo, namespace, view.namespace)) return [];
    const width = String(Number.MAX_SAFE_INTEGER - score).padStart(20, "0");
    const { creationTimestamp = "", name } = rule.metadata;
    return [{ rule, order: `${namespace === view.namespace ? 0 : 1} ${width} ${creationTimestamp} ${name}` }];
  });
  return found.sort((a, b) => (a.order < b.order ? -1 : 1)).map(({ rule }) => rule);
}

/** The first rule that defines the subset. */
export function subsetOf(view: PreflightView, { host, subset }: PolicyTarget) {
  for (const rule of rulesFor(view, host)) {
    const index = (rule.spec.subsets ?? []).findIndex(({ name }) => name === subset);
    const found = rule.spec.subsets?.[index];
    if (found !== undefined) return { rule, index, subset: found };
  }
  return null;
}

/** The narrowest that says it: a port of the subset, the subset, a port of the host, the host. */
export function policyOf<T>(
  view: PreflightView,
  target: PolicyTarget & { readonly port: number },
  member: "tls" | "outlierDetection",
): Said<T> | null {
  const [rule] = rulesFor(view, target.host);
  const own = target.subset === undefined ? null : subsetOf(view, target);
  const layers = [
    ...(own === null
      ? []
      : layersOf(own.rule, own.subset.trafficPolicy, `spec.subsets[${own.index}].trafficPolicy`)),
    ...(rule === undefined ? [] : layersOf(rule, rule.spec.trafficPolicy, "spec.trafficPolicy")),
  ];
  for (const layer of layers) {
    if (layer.port !== null && layer.port !== target.port) continue;
    const value = layer.policy[member];
    if (value !== undefined)
      return { rule: layer.rule, field: `${layer.field}.${member}`, value: value as T };
  }
  return null;
}

interface Policy {
  readonly [member: string]: unknown;
}

function layersOf(rule: DestinationRule, policy: Policy = {}, field: string) {
  const ports = (policy["portLevelSettings"] ?? []) as readonly (Policy & {
    readonly port?: { readonly number?: number };
  })[];
  return [
    ...ports.map((settings, index) => ({
      rule,
      policy: settings as Policy,
      field: `${field}.portLevelSettings[${index}]`,
      port: settings.port?.number ?? null,
    })),
    { rule, policy, field, port: null },
  ];
}
