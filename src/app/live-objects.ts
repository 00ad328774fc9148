import type { Client } from "../kube/client.ts";
import { listAll } from "../kube/list-all.ts";
import type { KubeObject } from "../kube/object.ts";
import { absenceOf } from "../kube/optional-reader.ts";
import type { Resource } from "../kube/resource.ts";
import {
  DEPLOYMENT,
  DESTINATION_RULE,
  NAMESPACE,
  PEER_AUTHENTICATION,
  POD,
  REPLICA_SET,
  SERVICE,
  VIRTUAL_SERVICE,
} from "../kube/resources.ts";
import { slimPod } from "./slim.ts";

export interface LiveObjects {
  readonly objects: readonly KubeObject[];
  /** Why objects of optional resources are missing, by plural. */
  readonly absences: Readonly<Record<string, string>>;
}

/**
 * What preflight looks at, of these namespaces; VirtualServices of all, since any may have the same host. Istio's kinds and
 * Namespaces may be missing; it rejects when workloads, pods or Services cannot be read.
 */
export async function readAround(
  client: Client,
  namespaces: readonly string[],
  rootNamespace: string,
): Promise<LiveObjects> {
  const absences: Record<string, string> = {};
  const around = [...new Set([...namespaces, rootNamespace])];
  const workloads = [DEPLOYMENT, REPLICA_SET, SERVICE] as readonly Resource[];
  const lists: readonly Promise<readonly KubeObject[]>[] = [
    ...namespaces.flatMap((namespace) => workloads.map((resource) => listAll(client, resource, namespace))),
    ...namespaces.map(async (namespace) => (await listAll(client, POD, namespace)).map(slimPod)),
    optional(listAll(client, VIRTUAL_SERVICE, undefined), VIRTUAL_SERVICE, absences),
    ...around.flatMap((namespace) =>
      ([DESTINATION_RULE, PEER_AUTHENTICATION] as readonly Resource[]).map((resource) =>
        optional(listAll(client, resource, namespace), resource, absences),
      ),
    ),
    ...namespaces.map((name) => optional(readNamespace(client, name), NAMESPACE, absences)),
  ];
  const read = (await Promise.all(lists)).flat();
  // Without the rules nobody can say whether the subsets that routes name are there.
  const isBlind = absences[DESTINATION_RULE.plural] !== undefined;
  return { objects: isBlind ? read.filter(({ kind }) => kind !== VIRTUAL_SERVICE.kind) : read, absences };
}

async function readNamespace(client: Client, name: string): Promise<readonly KubeObject[]> {
  return [await client.get(NAMESPACE, { name })];
}

async function optional(
  work: Promise<readonly KubeObject[]>,
  resource: Resource,
  absences: Record<string, string>,
): Promise<readonly KubeObject[]> {
  try {
    return await work;
  } catch (error) {
    const absence = absenceOf(resource, error);
    if (absence === null) throw error;
    absences[resource.plural] = absence;
    return [];
  }
}
