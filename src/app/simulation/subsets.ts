import type { AnyObject } from "../../kube/object.ts";
import type { DestinationRule } from "../../sim/mesh/istio.ts";
import type { World } from "../../sim/world.ts";
import { NAMESPACE_NAME } from "./invariant.ts";
import { isHealthy, type Plan, type PlannedRollout } from "./plan.ts";

export const PRIMARY_SUBSET = "stable";
export const CANARY_SUBSET = "canary";

/** One Service has the pods of both sides, and a DestinationRule of the user's tells them apart. */
export function withSubsets({ spec, ...rollout }: PlannedRollout): PlannedRollout {
  const { istio } = spec["traffic"] as { readonly istio: object };
  const destinationRule = {
    name: rollout.name,
    primarySubset: PRIMARY_SUBSET,
    canarySubset: CANARY_SUBSET,
  };
  return { ...rollout, spec: { ...spec, traffic: { istio: { ...istio, destinationRule } } } };
}

export function hasSubsets({ spec }: PlannedRollout): boolean {
  const { istio } = spec["traffic"] as { readonly istio: object };
  return "destinationRule" in istio;
}

/**
 * Git sets the labels of subsets back, which moves requests to other pods, and the controller may be kept from seeing or
 * mending it for longer than the moment that it takes one whom nothing hinders.
 */
export function isFoughtOver({ faults }: Plan, rollout: PlannedRollout): boolean {
  return faults.gitOpsEveryMs > 0 && hasSubsets(rollout) && !isHealthy(faults);
}

/** What its pods and their Service have in common. */
export function podLabels(rollout: PlannedRollout): Readonly<Record<string, string>> {
  const { name } = rollout;
  return hasSubsets(rollout) ? { app: name, service: name } : { app: name };
}

export function serviceSelector(rollout: PlannedRollout): Readonly<Record<string, string>> {
  const { name } = rollout;
  return hasSubsets(rollout) ? { service: name } : { app: name };
}

/** For Rollouts that use its subsets, with much that is nobody's business but the user's; null for others. */
export function destinationRuleManifest(rollout: PlannedRollout): AnyObject | null {
  if (!hasSubsets(rollout)) return null;
  const { name } = rollout;
  const leastRequest = { loadBalancer: { simple: "LEAST_REQUEST" } };
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name, namespace: NAMESPACE_NAME, annotations: { team: "shop" }, labels: { team: "shop" } },
    spec: {
      host: name,
      trafficPolicy: { connectionPool: { tcp: { maxConnections: 1000 } } },
      subsets: [
        { name: "everybody", labels: { service: name } },
        { name: CANARY_SUBSET, trafficPolicy: leastRequest },
        { name: PRIMARY_SUBSET, labels: { app: name }, trafficPolicy: leastRequest },
      ],
    },
  } as AnyObject;
}

/** The hash to which the canary's backend is pinned; null: there is no such backend; undefined: it is not pinned. */
export function pinOf({ caches }: World, rollout: PlannedRollout): string | null | undefined {
  const at = (name: string) => ({ namespace: NAMESPACE_NAME, name });
  const { name } = rollout;
  if (!hasSubsets(rollout)) {
    const service = caches.services.get(at(`${name}-canary`));
    return service === undefined ? null : service.spec.selector?.["pod-template-hash"];
  }
  const labels = subsetsOf(caches.destinationRules.get(at(name))).find(
    (it) => it.name === CANARY_SUBSET,
  )?.labels;
  return labels?.["pod-template-hash"];
}

/** The label `app` of the pods that requests reach which are not the canary's; undefined: no label tells. */
export function servedBy({ caches }: World, rollout: PlannedRollout): string | undefined {
  const at = { namespace: NAMESPACE_NAME, name: rollout.name };
  if (!hasSubsets(rollout)) return caches.services.get(at)?.spec.selector?.["app"];
  const subset = subsetsOf(caches.destinationRules.get(at)).find(({ name }) => name === PRIMARY_SUBSET);
  return subset?.labels?.["app"];
}

export type Subset = NonNullable<NonNullable<DestinationRule["spec"]>["subsets"]>[number];

export function subsetsOf(rule: DestinationRule | undefined): readonly Subset[] {
  return rule?.spec?.subsets ?? [];
}
