import { isDeepEqual } from "../../../lib/json.ts";
import { type InvariantFactory, mayGoUnreleased, NAMESPACE_NAME, type Scene } from "../invariant.ts";
import { hasOwnRoutes } from "../manifests.ts";
import type { PlannedRollout } from "../plan.ts";
import { serviceSelector } from "../subsets.ts";
import { isBadImage } from "../versions.ts";

/** So long before the end, requests are looked at. */
const WINDOW_MS = 20_000;

/** 9. When a Rollout is gone, however it went, everything is as it was without it: the target serves, if it is there. */
export const handedBack: InvariantFactory = (scene) => ({
  name: "handed-back",
  atEnd: () =>
    scene.plan.rollouts
      .filter(({ name }) => isGone(scene, name) && !mayGoUnreleased(scene, name))
      .flatMap((rollout) => [...leftovers(scene, rollout), ...targetProblems(scene, rollout)]),
});

function isGone({ world }: Scene, name: string): boolean {
  return world.caches.rollouts.get({ namespace: NAMESPACE_NAME, name }) === undefined;
}

function leftovers({ world }: Scene, rollout: PlannedRollout): readonly string[] {
  const { name } = rollout;
  const at = (object: string) => ({ namespace: NAMESPACE_NAME, name: object });
  const { deployments, services, virtualServices } = world.caches;
  const apex = services.get(at(name));
  const problems: string[] = [];
  if (deployments.get(at(`${name}-primary`)) !== undefined)
    problems.push(`${name} is gone, its primary is not`);
  if (apex !== undefined && !isDeepEqual(apex.spec.selector, serviceSelector(rollout)))
    problems.push(`${name} is gone, its Service selects ${JSON.stringify(apex.spec.selector)}`);
  if (!hasOwnRoutes(rollout) && virtualServices.get(at(name)) !== undefined)
    problems.push(`${name} is gone, its VirtualService is not`);
  return problems;
}

function targetProblems({ world, people }: Scene, { name }: PlannedRollout): readonly string[] {
  const target = world.caches.deployments.get({ namespace: NAMESPACE_NAME, name });
  if (target === undefined || isBadImage(people.wantedImage(name) ?? "")) return [];
  if ((target.spec.replicas ?? 1) < 1) return [`${name} is gone, its target has no pods`];
  const isCalled = world.caches.services.get({ namespace: NAMESPACE_NAME, name }) !== undefined;
  const fromMs = world.clock.now() - WINDOW_MS;
  const served = world.mesh.truth.requestsTo({
    namespace: NAMESPACE_NAME,
    workload: name,
    use: "live",
    fromMs,
  });
  return isCalled && served === 0 ? [`${name} is gone, and its target gets no requests`] : [];
}
