import type { VirtualService } from "../../../sim/mesh/istio.ts";
import { type InvariantFactory, NAMESPACE_NAME, type Scene } from "../invariant.ts";
import { releasesByWeight } from "../plan.ts";
import { weightOf } from "../routing-view.ts";

/** Gates of these types must have said yes before the canary gets its first requests by weight. */
const BEFORE_TRAFFIC = ["confirm-rollout", "pre-rollout", "confirm-traffic-increase"];

/** A Rollout's gates have said yes before its canary gets requests, unless a person let it pass without. */
export const gatesObeyed: InvariantFactory = (scene) => {
  const { plan, gates } = scene;
  const weights = new Map<string, number>();
  return {
    name: "gates-obeyed",
    onWrite: ({ kind, object, method }) => {
      const { name } = object.metadata;
      if (kind !== "VirtualService" || method === "DELETE") return [];
      const before = weights.get(name) ?? 0;
      const now = weightOf(object as VirtualService, name);
      weights.set(name, now);
      if (now <= before || isWaived(scene, name)) return [];
      const rollout = plan.rollouts.find((it) => it.name === name);
      // Testers reach the canary as soon as its pods are ready, and releases by match have no steps to go up.
      const awaited =
        rollout !== undefined && releasesByWeight(rollout) ? BEFORE_TRAFFIC : ["confirm-rollout"];
      // Whoever skips the analysis skips the steps and what is asked before them.
      if (rollout?.spec["skipAnalysis"] === true) return [];
      const { webhooks = [] } = (rollout?.spec ?? {}) as {
        readonly webhooks?: readonly { readonly type: string }[];
      };
      return webhooks
        .filter(({ type }) => awaited.includes(type) && !gates.hasSaidYes(name, type))
        .map(({ type }) => `weight of ${name} rose from ${before} to ${now} although ${type} never said yes`);
    },
  };
};

/** A command lets a run pass its gates; a spec that was edited or made again may have none. */
function isWaived({ people, world }: Scene, name: string): boolean {
  const rollout = world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name });
  const asks = people.commands(name).some(({ command }) => ["approve", "promote", "skip"].includes(command));
  return asks || rollout === undefined;
}
