import { type InvariantFactory, NAMESPACE_NAME, type Scene } from "../invariant.ts";
import { mirrorsTo, weightOf } from "../routing-view.ts";

/** So long before the end, requests are looked at. */
const WINDOW_MS = 20_000;

/** 2, 5. At rest every request is served, by the primary alone, and the canary has neither weight nor pods. */
export const servesInTheEnd: InvariantFactory = (scene) => ({
  name: "serves-in-the-end",
  atEnd: () => [
    ...unreadyRequests(scene),
    ...scene.plan.rollouts.flatMap(({ name }) => problemsOf(scene, name)),
  ],
});

function unreadyRequests({ world, plan }: Scene): readonly string[] {
  const hasPods = plan.rollouts.every(
    ({ name }) =>
      world.caches.deployments.get({ namespace: NAMESPACE_NAME, name }) !== undefined ||
      world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name }) !== undefined,
  );
  const count = world.mesh.truth.requestsToUnready({ fromMs: world.clock.now() - WINDOW_MS });
  return hasPods && count > 0
    ? [`${count} requests of the last ${WINDOW_MS} ms went to pods that were not ready`]
    : [];
}

function problemsOf({ world }: Scene, name: string): readonly string[] {
  const at = (object: string) => ({ namespace: NAMESPACE_NAME, name: object });
  const rollout = world.caches.rollouts.get(at(name));
  if (rollout === undefined || rollout.status?.run !== undefined) return [];
  // Until it has begun to serve, and while it hands back, the target has its pods.
  if (rollout.status?.phase === "Initializing" || rollout.metadata.deletionTimestamp !== undefined) return [];
  const problems: string[] = [];
  const primary = world.caches.deployments.get(at(`${name}-primary`));
  const target = world.caches.deployments.get(at(name));
  const routes = world.caches.virtualServices.get(at(name));
  if (target === undefined && primary === undefined) return [];
  if (primary === undefined || (primary.status?.readyReplicas ?? 0) < 1)
    problems.push(`${name} has no primary pod`);
  if (routes === undefined) problems.push(`${name} has no VirtualService`);
  else if (weightOf(routes, name) > 0 || mirrorsTo(routes, name)) {
    problems.push(`the canary of ${name} gets requests at rest`);
  }
  if (target !== undefined && (target.spec.replicas ?? 1) > 0)
    problems.push(`the target of ${name} has ${target.spec.replicas} replicas at rest`);
  const filter = { namespace: NAMESPACE_NAME, workload: name, use: "live" } as const;
  const sent = world.mesh.truth.requestsTo({ ...filter, fromMs: world.clock.now() - WINDOW_MS });
  if (sent > 0) problems.push(`${sent} requests went to the target of ${name} at rest`);
  return problems;
}
