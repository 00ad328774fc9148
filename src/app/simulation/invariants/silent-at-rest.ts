import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { isNotice } from "../notice.ts";
import { mayHang, type Plan } from "../plan.ts";

/** Until a silence means rest. */
export function silenceMs({ faults }: Plan): number {
  return mayHang(faults) ? 150_000 : 30_000;
}

/** 12. At rest nothing is written. A run that is paused may refresh the evidence in its status. */
export const silentAtRest: InvariantFactory = ({ plan, world }) => {
  let last = "";
  let lastAtMs = 0;
  const isRunning = () =>
    plan.rollouts.some(
      ({ name }) => world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name })?.status?.run !== undefined,
    );
  return {
    name: "silent-at-rest",
    onWrite: (write) => {
      if (isNotice(write) || write.kind === "Lease" || (write.isStatus && isRunning())) return [];
      last = `${write.method} ${write.path}`;
      lastAtMs = write.atMs;
      return [];
    },
    atEnd: () => {
      const agoMs = world.clock.now() - lastAtMs;
      return agoMs >= silenceMs(plan) ? [] : [`${last} was written ${agoMs} ms before the end`];
    },
  };
};
