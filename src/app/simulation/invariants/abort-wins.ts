import type { VirtualService } from "../../../sim/mesh/istio.ts";
import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { weightOf } from "../routing-view.ts";

/**
 * 4. After an abort no weight is raised until it has been obeyed: its annotation is there until then. Not even by a controller
 * that does not see it, but for a write that is on its way already.
 */
export const abortWins: InvariantFactory = ({ plan, world, people }) => {
  const weights = new Map<string, number>();
  const { network } = plan.faults;
  // Whoever is frozen in the middle of it goes on where it was.
  const blindMs = 1_000 + 4 * network.latencyMs + (plan.faults.upheavals.length > 0 ? 45_000 : 0);
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
