import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import type { PlannedRollout } from "../plan.ts";
import { mirrorsTo, weightOf } from "../routing-view.ts";
import { hasSubsets, isFoughtOver, pinOf } from "../subsets.ts";

/** A controller that nothing hinders has put labels right that Git had set back. */
const NOTICED_MS = 3_000;

/** 2. While requests go to the canary its Service (or subset) names one revision, and always the same. */
export const pinnedCanary: InvariantFactory = ({ plan, world }) => {
  const pins = new Map<string, string>();
  const { gitOpsEveryMs } = plan.faults;
  const lostMs = new Map<string, number>();
  /** Git may have taken it away just now. */
  const isForgiven = (rollout: PlannedRollout): boolean => {
    const sinceMs = lostMs.get(rollout.name) ?? world.clock.now();
    lostMs.set(rollout.name, sinceMs);
    if (gitOpsEveryMs === 0 || !hasSubsets(rollout)) return false;
    return isFoughtOver(plan, rollout) || world.clock.now() - sinceMs <= NOTICED_MS;
  };
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
    if (hash === undefined)
      return isForgiven(rollout) ? null : `${canary} gets requests and is not pinned to a revision`;
    lostMs.delete(name);
    const before = pins.get(name) ?? hash;
    pins.set(name, hash);
    return before === hash ? null : `${canary} was pinned from ${before} to ${hash} while it got requests`;
  };
  return {
    name: "pinned-canary",
    atInstant: () => plan.rollouts.map(problemOf).filter((it) => it !== null),
  };
};
