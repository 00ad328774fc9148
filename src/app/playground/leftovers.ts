import { namesOf } from "../../api/names.ts";
import { ROLLOUT } from "../../api/resource.ts";
import type { Rollout } from "../../api/rollout.ts";
import { isNotFound } from "../../kube/api-error.ts";
import type { Client } from "../../kube/client.ts";
import type { AnyObject, KubeObject } from "../../kube/object.ts";
import type { Resource } from "../../kube/resource.ts";
import { DEPLOYMENT, DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE } from "../../kube/resources.ts";
import { sleep } from "../../lib/clock.ts";
import type { LoadedScenario } from "../../sim/scenario/load.ts";
import { ResourceFinder } from "../../sim/scenario/resource-finder.ts";
import type { World } from "../../sim/world.ts";

const STEP_MS = 250;

/** On a server that is used again, the last scenario's Rollout, primary and routes would be this one's beginning. */
export async function removeLeftovers(
  world: World,
  loaded: LoadedScenario,
  signal: AbortSignal,
): Promise<void> {
  const { client } = world;
  const { namespace } = loaded;
  const { name } = loaded.rollout.metadata;
  // No controller runs yet that could hand back: the finalizer goes first.
  const body = { metadata: { finalizers: null } };
  await ignoreMissing(client.patch(ROLLOUT, { namespace, name }, { type: "merge", body }));
  const finder = new ResourceFinder(world.transport);
  const objects = [loaded.rollout, ...loaded.objects].filter(({ kind }) => kind !== "Namespace");
  for (const object of objects) {
    await removeOne(
      world,
      await finder.find(object.apiVersion, object.kind),
      namespaced(object, namespace),
      signal,
    );
  }
  for (const [resource, generated] of generatedBy(loaded)) {
    await removeOne(world, resource, { namespace, name: generated }, signal);
  }
}

function generatedBy(loaded: LoadedScenario): readonly (readonly [Resource, string])[] {
  const names = namesOf(loaded.rollout as unknown as Rollout);
  return [
    [DEPLOYMENT, names.primary],
    [SERVICE, names.primaryService],
    [SERVICE, names.canaryService],
    [SERVICE, names.apexService],
    [VIRTUAL_SERVICE, names.virtualService],
    [DESTINATION_RULE, names.primaryDestinationRule],
    [DESTINATION_RULE, names.canaryDestinationRule],
  ];
}

function namespaced(
  object: AnyObject,
  namespace: string,
): { readonly namespace: string; readonly name: string } {
  return { namespace: object.metadata.namespace ?? namespace, name: object.metadata.name };
}

async function removeOne(
  world: World,
  resource: Resource,
  key: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  await ignoreMissing(world.client.delete(resource, key, { propagation: "Background" }));
  while (await exists(world.client, resource, key)) await sleep(world.clock, STEP_MS, signal);
}

async function exists(client: Client, resource: Resource, key: { readonly name: string }): Promise<boolean> {
  return (await ignoreMissing(client.get<KubeObject>(resource, key))) !== undefined;
}

async function ignoreMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
