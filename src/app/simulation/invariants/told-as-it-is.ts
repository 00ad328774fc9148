import type { Rollout } from "../../../api/rollout.ts";
import type { VirtualService } from "../../../sim/mesh/istio.ts";
import type { InvariantFactory } from "../invariant.ts";
import { releasesByWeight } from "../plan.ts";
import { weightOf } from "../routing-view.ts";

interface Written {
  readonly weight: number;
  readonly before: number | undefined;
  readonly atMs: number;
}

/**
 * 10. The status is written last: when it begins to say another weight, the routing object has that weight already. (This
 * looks at our status because it is about the order of writes; whether the weight is right is for others to say.)
 */
export const toldAsItIs: InvariantFactory = ({ plan, world }) => {
  /** Weights in the routing objects, as last written by a controller; gone when somebody deleted the object. */
  const written = new Map<string, Written>();
  const told = new Map<string, number>();
  world.caches.virtualServices.subscribe(({ key, new: object }) => {
    if (object === undefined) written.delete(key.name);
  });
  // What is urgent overtakes a status that is on its way, which then says what was true when it was sent.
  const onItsWayMs = 2 * plan.faults.network.latencyMs;
  const byWeight = new Set(plan.rollouts.filter(releasesByWeight).map(({ name }) => name));
  return {
    name: "told-as-it-is",
    onWrite: ({ kind, object, isStatus, method, atMs }) => {
      const { name } = object.metadata;
      if (!byWeight.has(name)) return [];
      if (kind === "VirtualService") {
        if (method === "DELETE") written.delete(name);
        else {
          const before = written.get(name)?.weight;
          written.set(name, { weight: weightOf(object as VirtualService, name), before, atMs });
        }
      }
      if (kind !== "Rollout" || !isStatus) return [];
      const says = (object as Rollout).status?.canaryWeight ?? 0;
      const said = told.get(name) ?? 0;
      told.set(name, says);
      const has = written.get(name);
      if (says === said || has === undefined || has.weight === says) return [];
      if (has.before === says && atMs - has.atMs < onItsWayMs) return [];
      return [`the status of ${name} says ${says} % while its VirtualService has ${has.weight} %`];
    },
  };
};
