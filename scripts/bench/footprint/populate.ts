import { rolloutCrd } from "../../../src/app/rehearsal.ts";
import type { Client } from "../../../src/kube/client.ts";
import { type KubeObject, keyOf } from "../../../src/kube/object.ts";
import { CUSTOM_RESOURCE_DEFINITION, NAMESPACE, SERVICE } from "../../../src/kube/resources.ts";
import { RestClient } from "../../../src/kube/rest-client.ts";
import type { Transport } from "../../../src/kube/transport.ts";
import { SystemClock } from "../../../src/lib/clock.ts";
import { isoTime, parseTime } from "../../../src/lib/time.ts";
import { istioCrds } from "../../../src/sim/crds/istio-crds.ts";
import type { Kept } from "./objects.ts";

export const NAMESPACE_NAME = "shop";
/** The name that stands in all objects, and is another in each copy. */
const NAME = /checkout/g;
const TIME = /(?<=")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z(?=")/g;

/** Definitions and the namespace that the copies need. */
export async function prepare(client: Client): Promise<void> {
  for (const crd of [await rolloutCrd(), ...istioCrds()])
    await client.create(CUSTOM_RESOURCE_DEFINITION, crd as never);
  await client.create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE_NAME } });
}

/** Moves all times, so that the newest of them is `nowMs`. */
export function asOf(kept: readonly Kept[], nowMs: number): readonly Kept[] {
  const times = JSON.stringify(kept.map(({ object }) => object)).match(TIME) ?? [];
  const byMs = nowMs - Math.max(...times.map(parseTime));
  const moved = (time: string) => isoTime(parseTime(time) + byMs);
  return kept.map(({ resource, object }) => ({
    resource,
    object: JSON.parse(JSON.stringify(object).replaceAll(TIME, moved)) as KubeObject,
  }));
}

/** Makes a copy with another name, and with owners that are the copy's own. */
export async function addCopy(client: Client, kept: readonly Kept[], name: string): Promise<void> {
  const uids = new Map<string, string>();
  for (const { resource, object } of kept) {
    const copy = copyOf(object, name, uids);
    const { status } = copy as { readonly status?: object };
    const created = await client.create(resource, copy);
    if (object.metadata.uid !== undefined && created.metadata.uid !== undefined)
      uids.set(object.metadata.uid, created.metadata.uid);
    if (status === undefined || resource === (SERVICE as unknown)) continue;
    const body = { status };
    await client.patch(resource, keyOf(created), { type: "merge", body }, { subresource: "status" });
  }
}

function copyOf(object: KubeObject, name: string, uids: ReadonlyMap<string, string>): KubeObject {
  const text = JSON.stringify(object).replaceAll(NAME, name);
  const copy = JSON.parse(text) as KubeObject & {
    readonly spec?: { clusterIP?: string; clusterIPs?: unknown };
  };
  const {
    uid: _uid,
    resourceVersion: _version,
    creationTimestamp: _time,
    managedFields: _fields,
    ...metadata
  } = copy.metadata;
  const ownerReferences = metadata.ownerReferences?.map((owner) => ({
    ...owner,
    uid: uids.get(owner.uid) ?? owner.uid,
  }));
  const spec = copy.spec === undefined ? undefined : { ...copy.spec };
  // The copy gets an address of its own.
  delete spec?.clusterIP;
  delete spec?.clusterIPs;
  return {
    ...copy,
    ...(spec === undefined ? {} : { spec }),
    metadata: { ...metadata, ...(ownerReferences === undefined ? {} : { ownerReferences }) },
  } as KubeObject;
}

export function clientOf(transport: Transport): Client {
  return new RestClient({ transport, clock: new SystemClock(), fieldManager: "bench", timeoutMs: 60_000 });
}
