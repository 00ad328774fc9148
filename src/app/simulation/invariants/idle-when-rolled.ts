import { REVISION_ANNOTATION } from "../../../api/names.ts";
import type { Deployment } from "../../../kube/kind/workload.ts";
import { type InvariantFactory, NAMESPACE_NAME } from "../invariant.ts";
import { isHealthy, isMetricsFault, MESH_BATCH_MS } from "../plan.ts";
import { weightOf } from "../routing-view.ts";
import { isBadImage } from "../versions.ts";

/** The metrics that a drain is told from are this old at most, by the analysis interval of drawn Rollouts. */
const SEEN_MS = 5_000;

/**
 * 2. The primary is given a new template only when all requests go to the canary and none has reached it lately: a rolling
 * update under traffic sends requests to pods that are gone. Told by plans in which nobody interferes.
 */
export const idleWhenRolled: InvariantFactory = ({ plan, world }) => {
  const known = new Map<string, Set<string>>();
  const quietMs = SEEN_MS - 2 * MESH_BATCH_MS;
  const isWatched = isHealthy(plan.faults) && !plan.faults.prometheus.some(isMetricsFault);
  const isNew = ({ metadata }: Deployment): boolean => {
    const { uid = "", annotations } = metadata;
    const revision = annotations?.[REVISION_ANNOTATION] ?? "";
    const served = known.get(uid);
    if (served === undefined) known.set(uid, new Set([revision]));
    else if (!served.has(revision)) {
      served.add(revision);
      return true;
    }
    return false;
  };
  return {
    name: "idle-when-rolled",
    onWrite: ({ kind, object, isStatus, method, atMs }) => {
      const { name } = object.metadata;
      if (kind !== "Deployment" || isStatus || method === "DELETE" || !name.endsWith("-primary")) return [];
      const primary = object as Deployment;
      const image = primary.spec.template.spec.containers[0]?.image ?? "";
      // What is bad may take its canary's pods with it, and the primary is then needed as it is.
      if (!isNew(primary) || !plan.isCalm || isBadImage(image)) return [];
      const apex = name.slice(0, -"-primary".length);
      const routes = world.caches.virtualServices.get({ namespace: NAMESPACE_NAME, name: apex });
      const weight = routes === undefined ? 0 : weightOf(routes, apex);
      if (weight !== 100) return [`${name} was given ${image} while the canary had ${weight} %`];
      const filter = { namespace: NAMESPACE_NAME, workload: name, use: "live" } as const;
      const late = world.mesh.truth.requestsTo({ ...filter, fromMs: atMs - quietMs });
      return isWatched && late > 0
        ? [`${name} was given ${image} although ${late} requests reached it in the last ${quietMs} ms`]
        : [];
    },
  };
};
