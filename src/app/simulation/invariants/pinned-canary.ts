import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import type { PlannedRollout } from "../plan.ts";
import { mirrorsTo, weightOf } from "../routing-view.ts";
import { hasSubsets, pinOf } from "../subsets.ts";

/** 2. While requests go to the canary its Service (or subset) names one revision, and always the same. */
export const pinnedCanary: InvariantFactory = ({ plan, world }) => {
  const pins = new Map<string, string>();
  const problemOf = (rollout: PlannedRollout): string | null => {
    const { name } = rollout;
    const canary = hasSubsets(rollout) ? `Subset canary of ${name}` : `Service ${name}-canary`;
    const virtualService = world.caches.virtualServices.get({ namespace: NAMESPACE_NAME, name });
    const isUsed =
      virtualService !== undefined && (weightOf(virtualService, name) > 0 || mirrorsTo(virtualService, name));
    if (!isUsed) {
      pins.delete(name);
      return null;
    }
    const hash = pinOf(world, rollout);
    // Somebody deleted it: there is nothing that could be pinned.
    if (hash === null) return null;
    if (hash === undefined) return `${canary} gets requests and is not pinned to a revision`;
    const before = pins.get(name) ?? hash;
    pins.set(name, hash);
    return before === hash ? null : `${canary} was pinned from ${before} to ${hash} while it got requests`;
  };
  return {
    name: "pinned-canary",
    atInstant: () => plan.rollouts.map(problemOf).filter((it) => it !== null),
  };
};
