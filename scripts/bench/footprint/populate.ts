import { readFile } from "node:fs/promises";
import { ROLLOUT } from "../../../src/api/resource.ts";
import { rehearse, rolloutCrd } from "../../../src/app/rehearsal.ts";
import type { Client } from "../../../src/kube/client.ts";
import { type KubeObject, keyOf } from "../../../src/kube/object.ts";
import type { Resource } from "../../../src/kube/resource.ts";
import {
  CUSTOM_RESOURCE_DEFINITION,
  DEPLOYMENT,
  DESTINATION_RULE,
  ENDPOINT_SLICE,
  NAMESPACE,
  POD,
  REPLICA_SET,
  SERVICE,
  VIRTUAL_SERVICE,
} from "../../../src/kube/resources.ts";
import { RestClient } from "../../../src/kube/rest-client.ts";
import type { Transport } from "../../../src/kube/transport.ts";
import { SystemClock } from "../../../src/lib/clock.ts";
import { istioCrds } from "../../../src/sim/crds/istio-crds.ts";
import { loadScenario } from "../../../src/sim/scenario/load.ts";

/** Owners before what they own. */
const KINDS = [
  ROLLOUT,
  DEPLOYMENT,
  REPLICA_SET,
  POD,
  SERVICE,
  ENDPOINT_SLICE,
  VIRTUAL_SERVICE,
  DESTINATION_RULE,
] as unknown as readonly Resource<KubeObject>[];

const NAMESPACE_NAME = "shop";
/** The name that stands in all objects, and is another in each copy. */
const NAME = /checkout/g;

const AT_REST = `
name: at rest
rollout: rollout.yaml
manifests: [deployment.yaml]
timeline: []
settings: { end: 3m }
expect: { phase: Initialized }
`;

/** One object of a Rollout at rest, and what kind it is. */
interface Kept {
  readonly resource: Resource<KubeObject>;
  readonly object: KubeObject;
}

/** Everything that a Rollout at rest consists of, as adoption in the embedded cluster leaves it. */
export async function objectsAtRest(): Promise<readonly Kept[]> {
  const scenario = "examples/checkout/at-rest.yaml";
  const loaded = await loadScenario(scenario, async (path) =>
    path.endsWith("at-rest.yaml") ? AT_REST : readFile(path, "utf8"),
  );
  const servers: Transport[] = [];
  const network = (server: Transport): Transport => {
    servers.push(server);
    return server;
  };
  const { phase } = await rehearse({ loaded, network });
  if (phase !== "Initialized") throw new Error(`The Rollout came to ${phase}, want Initialized.`);
  const client = clientOf(servers[0] as Transport);
  const lists = await Promise.all(
    KINDS.map(async (resource) => {
      const { items } = await client.list(resource, { namespace: NAMESPACE_NAME });
      return items.map((object) => ({ resource, object }));
    }),
  );
  return lists.flat();
}

/** Definitions and the namespace that the copies need. */
export async function prepare(client: Client): Promise<void> {
  for (const crd of [await rolloutCrd(), ...istioCrds()])
    await client.create(CUSTOM_RESOURCE_DEFINITION, crd as never);
  await client.create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE_NAME } });
}

/** Makes copy number `index`: other names, and owners that are the copy's own. */
export async function addCopy(client: Client, kept: readonly Kept[], index: number): Promise<void> {
  const name = `service-${String(index).padStart(5, "0")}`;
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
