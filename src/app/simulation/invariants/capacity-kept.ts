import type { Deployment } from "../../../kube/kind/workload.ts";
import type { InvariantFactory } from "../invariant.ts";
import { NAMESPACE_NAME } from "../invariant.ts";
import { weightOf } from "../routing-view.ts";

/** 6. We never take pods from the primary while the canary gets requests. */
export const capacityKept: InvariantFactory = ({ world, plan }) => {
  /** What an autoscaler has taken is not ours: a write of ours may carry its number. */
  const isAutoscaled = (apex: string): boolean =>
    plan.moves.some((it) => it.kind === "autoscale" && it.side === "primary" && it.rollout === apex);
  const replicas = new Map<string, number>();
  return {
    name: "capacity-kept",
    onWrite: ({ kind, object, isStatus, method }) => {
      const { name, uid = "" } = object.metadata;
      if (kind !== "Deployment" || isStatus || method === "DELETE" || !name.endsWith("-primary")) return [];
      const now = (object as Deployment).spec.replicas ?? 1;
      const before = replicas.get(uid) ?? now;
      replicas.set(uid, now);
      const apex = name.slice(0, -"-primary".length);
      const routes = world.caches.virtualServices.get({ namespace: NAMESPACE_NAME, name: apex });
      const weight = routes === undefined ? 0 : weightOf(routes, apex);
      return now < before && weight > 0 && !isAutoscaled(apex)
        ? [`${name} was scaled from ${before} to ${now} pods while the canary had ${weight} %`]
        : [];
    },
  };
};
