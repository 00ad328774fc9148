import type { VirtualService } from "../../../sim/mesh/istio.ts";
import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { weightOf } from "../routing-view.ts";

/**
 * 4. From the moment that caches can show an abort, no weight is raised until it has been obeyed: its annotation is there
 * until then.
 */
export const abortWins: InvariantFactory = ({ plan, world, people }) => {
  const weights = new Map<string, number>();
  const { network } = plan.faults;
  // A hanging watch is found out after its idle limit.
  const blindMs =
    2_000 +
    2 * network.latencyMs +
    network.watchLagMs * 10 +
    (network.watchHangRate > 0 ? 120_000 : 0) +
    (plan.faults.upheavals.length > 0 ? 45_000 : 0);
  return {
    name: "abort-wins",
    onWrite: ({ kind, object, method, atMs }) => {
      const { name } = object.metadata;
      if (kind !== "VirtualService") return [];
      const before = weights.get(name) ?? 0;
      const now = method === "DELETE" ? 0 : weightOf(object as VirtualService, name);
      weights.set(name, now);
      if (now <= before) return [];
      const rollout = world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name });
      const isAsked = rollout?.metadata.annotations?.["sluice.dev/abort"] !== undefined;
      const askedMs = people.commands(name).findLast(({ command }) => command === "abort")?.atMs ?? atMs;
      if (!isAsked || atMs - askedMs < blindMs) return [];
      return [`weight of ${name} rose from ${before} to ${now} ${atMs - askedMs} ms after an abort`];
    },
  };
};
