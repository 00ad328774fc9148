import type { Deployment } from "../../../kube/kind/workload.ts";
import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { MESH_BATCH_MS } from "../plan.ts";
import { weightOf } from "../routing-view.ts";
import { isFoughtOver } from "../subsets.ts";

/** What the simulated controller is configured with (simulation.ts). It is counted from when weight 0 was written. */
const DRAIN_MS = 5_000;

/** 4. First weight 0, then, after a drain, the canary's pods. */
export const drainedFirst: InvariantFactory = ({ plan, world }) => {
  // Proxies learn of weight 0 a little later, and requests are carried in batches.
  const quietMs = DRAIN_MS - plan.faults.meshDelayMs - 2 * MESH_BATCH_MS;
  // Times outlive the process in the status, so that a drain is told by the wall clock: set forward, it ends early.
  const isClockSetForward = plan.faults.upheavals.some(
    ({ kind, forMs }) => kind === "clockJump" && forMs > 0,
  );
  /** When the routes were last seen to give the canary requests. */
  const usedMs = new Map<string, number>();
  world.caches.virtualServices.subscribe(({ old, key, new: now }) => {
    const isUsed = [old, now].some((it) => it !== undefined && weightOf(it, key.name) > 0);
    if (isUsed) usedMs.set(key.name, world.clock.now());
  });
  return {
    name: "drained-first",
    onWrite: ({ kind, object, isStatus, method, atMs }) => {
      const { name } = object.metadata;
      if (kind !== "Deployment" || isStatus || method === "DELETE" || name.endsWith("-primary")) return [];
      if ((object as Deployment).spec.replicas !== 0) return [];
      const routes = world.caches.virtualServices.get({ namespace: NAMESPACE_NAME, name });
      const weight = routes === undefined ? 0 : weightOf(routes, name);
      if (weight > 0) return [`${name} was scaled to 0 while it had ${weight} %`];
      const isFought = plan.rollouts.some((it) => it.name === name && isFoughtOver(plan, it));
      if (isClockSetForward || isFought) return [];
      const agoMs = atMs - (usedMs.get(name) ?? 0);
      if (agoMs < DRAIN_MS) return [`${name} was scaled to 0 only ${agoMs} ms after it had a weight`];
      const late = world.mesh.truth.requestsTo({
        namespace: NAMESPACE_NAME,
        workload: name,
        use: "live",
        fromMs: atMs - quietMs,
      });
      return quietMs > 0 && late > 0
        ? [`${name} was scaled to 0 although ${late} requests reached it in the last ${quietMs} ms`]
        : [];
    },
  };
};
