import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { mirrorsTo, weightOf } from "../routing-view.ts";

/** 2. While requests go to the canary Service it names one revision, and always the same. */
export const pinnedCanary: InvariantFactory = ({ plan, world }) => {
  const pins = new Map<string, string>();
  const problemOf = (name: string): string | null => {
    const canary = `${name}-canary`;
    const virtualService = world.caches.virtualServices.get({ namespace: NAMESPACE_NAME, name });
    const isUsed =
      virtualService !== undefined &&
      (weightOf(virtualService, canary) > 0 || mirrorsTo(virtualService, canary));
    if (!isUsed) {
      pins.delete(name);
      return null;
    }
    const service = world.caches.services.get({ namespace: NAMESPACE_NAME, name: canary });
    // Somebody deleted it: there is nothing that could be pinned.
    if (service === undefined) return null;
    const hash = service.spec.selector?.["pod-template-hash"];
    if (hash === undefined) return `Service ${canary} gets requests and is not pinned to a revision`;
    const before = pins.get(name) ?? hash;
    pins.set(name, hash);
    return before === hash
      ? null
      : `Service ${canary} was pinned from ${before} to ${hash} while it got requests`;
  };
  return {
    name: "pinned-canary",
    atInstant: () => plan.rollouts.map(({ name }) => problemOf(name)).filter((it) => it !== null),
  };
};
