import type { KubeObject } from "../../../kube/object.ts";
import type { VirtualService } from "../../../sim/mesh/istio.ts";
import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { mayHang } from "../plan.ts";
import { mirrorsTo, weightOf } from "../routing-view.ts";
import { hasSubsets } from "../subsets.ts";

/** 1. Weights of every route sum to 100, and none is raised for a backend that does not exist. */
export const weightsSum: InvariantFactory = ({ plan, world }) => {
  /** Services of canaries that exist, or were deleted too lately for caches to know. */
  const goneSince = new Map<string, number>();
  world.caches.services.subscribe(({ key, new: service }) => {
    if (service === undefined) goneSince.set(key.name, world.clock.now());
    else goneSince.delete(key.name);
  });
  /** Their canary is a subset of the apex Service. */
  const subsetted = new Set(plan.rollouts.filter(hasSubsets).map(({ name }) => name));
  const { network } = plan.faults;
  const blindMs =
    2_000 +
    3 * network.latencyMs +
    10 * network.watchLagMs +
    (mayHang(plan.faults) ? 120_000 : 0) +
    (plan.faults.upheavals.length > 0 ? 45_000 : 0);
  const weights = new Map<string, number>();
  const raisedForNothing = (object: VirtualService): readonly string[] => {
    const { name } = object.metadata;
    const canary = subsetted.has(name) ? name : `${name}-canary`;
    const now = weightOf(object, name) + (mirrorsTo(object, name) ? 1 : 0);
    const before = weights.get(name) ?? 0;
    weights.set(name, now);
    const isThere = world.caches.services.get({ namespace: NAMESPACE_NAME, name: canary }) !== undefined;
    const goneMs = world.clock.now() - (goneSince.get(canary) ?? 0);
    if (now <= before || isThere || goneMs < blindMs) return [];
    return [`${name} gives requests to Service ${canary}, which does not exist`];
  };
  return {
    name: "weights-sum",
    onWrite: ({ kind, object, method }) => {
      if (kind !== "VirtualService" || method === "DELETE") return [];
      return [...wrongSums(object), ...raisedForNothing(object as VirtualService)];
    },
  };
};

function wrongSums(object: KubeObject): readonly string[] {
  return ((object as VirtualService).spec?.http ?? [])
    .map(({ route = [] }) => (route.length < 2 ? 100 : sum(route.map(({ weight }) => weight ?? 0))))
    .filter((total) => total !== 100)
    .map((total) => `weights of VirtualService ${object.metadata.name} sum to ${total}`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
