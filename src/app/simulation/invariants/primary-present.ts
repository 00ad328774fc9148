import { type InvariantFactory, NAMESPACE_NAME, type Scene } from "../invariant.ts";
import { isHealthy } from "../plan.ts";

/** A primary that somebody deleted is made again within so long, on a healthy network. */
const LIMIT_MS = 30_000;

/** 2. Once there is a primary there always is one, as long as there is anything that it could be made from. */
export const primaryPresent: InvariantFactory = (scene) => {
  const seen = new Set<string>();
  const absentSince = new Map<string, number>();
  const problemOf = (name: string): string | null => {
    if (isThere(scene, name)) seen.add(name);
    if (isThere(scene, name) || !isNeeded(scene, name)) {
      absentSince.delete(name);
      return null;
    }
    if (!seen.has(name)) return null;
    const now = scene.world.clock.now();
    const since = absentSince.get(name) ?? now;
    absentSince.set(name, since);
    if (now - since < LIMIT_MS + blindMs(scene)) return null;
    absentSince.set(name, Number.POSITIVE_INFINITY);
    return `${name} has had no primary for ${now - since} ms`;
  };
  return {
    name: "primary-present",
    atInstant: () => scene.plan.rollouts.map(({ name }) => problemOf(name)).filter((it) => it !== null),
  };
};

function isThere({ world }: Scene, name: string): boolean {
  return world.caches.deployments.get({ namespace: NAMESPACE_NAME, name: `${name}-primary` }) !== undefined;
}

function isNeeded({ world }: Scene, name: string): boolean {
  const at = { namespace: NAMESPACE_NAME, name };
  const rollout = world.caches.rollouts.get(at);
  const isKept = rollout !== undefined && rollout.metadata.deletionTimestamp === undefined;
  return isKept && world.caches.deployments.get(at) !== undefined;
}

/** Otherwise a controller may be away, or not see, for minutes. */
function blindMs({ plan }: Scene): number {
  return isHealthy(plan.faults) ? 0 : 300_000;
}
