import { isMadeForAnother } from "../api/ownership.ts";
import { ROLLOUT } from "../api/resource.ts";
import type { Doubts } from "../kube/doubts.ts";
import type { KubeObject, ObjectKey } from "../kube/object.ts";
import type { Resource } from "../kube/resource.ts";
import { DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE } from "../kube/resources.ts";
import { type Clock, within } from "../lib/clock.ts";
import type { Caches } from "./caches.ts";

export interface SettledParts {
  readonly clock: Clock;
  readonly doubts: Doubts;
  readonly caches: Pick<Caches, "deployments" | "services" | "virtualServices" | "destinationRules">;
}

/** Where reads hang an abort has to be obeyed all the same, from what is known. */
const SETTLE_LIMIT_MS = 2_000;

/**
 * Reads once more what writes without an answer may have changed of a Rollout's objects; null: nothing. Resolves, in 2 s at
 * most, to whether all of it is known. Objects that are certainly another Rollout's are left to the passes over that: in an outage
 * every Rollout's writes fail, and a pass that read all of them would multiply the load on a server that has too much already.
 */
export function settled(
  { clock, doubts, caches }: SettledParts,
  rollout: ObjectKey,
): Promise<boolean> | null {
  const concerns = (resource: Resource, key: ObjectKey) =>
    key.namespace === rollout.namespace && !isAnothers(caches, rollout, resource, key);
  if (!doubts.has(concerns)) return null;
  return within(clock, SETTLE_LIMIT_MS, doubts.settle(concerns)).then(() => !doubts.has(concerns));
}

function isAnothers(
  caches: SettledParts["caches"],
  rollout: ObjectKey,
  resource: Resource,
  key: ObjectKey,
): boolean {
  if (resource === ROLLOUT) return key.name !== rollout.name;
  const object = known(caches, resource, key);
  return object !== undefined && isMadeForAnother({ metadata: { name: rollout.name } }, object);
}

function known(caches: SettledParts["caches"], resource: Resource, key: ObjectKey): KubeObject | undefined {
  if (resource === DEPLOYMENT) return caches.deployments.get(key);
  if (resource === SERVICE) return caches.services.get(key);
  if (resource === VIRTUAL_SERVICE) return caches.virtualServices.get(key);
  return resource === DESTINATION_RULE ? caches.destinationRules.get(key) : undefined;
}
