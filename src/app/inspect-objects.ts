import { Cache, type CacheOptions } from "../kube/cache.ts";
import { OWNER_INDEXES } from "../kube/indexes.ts";
import type { KubeObject } from "../kube/object.ts";
import { OptionalCache } from "../kube/optional-reader.ts";
import { apiVersionOf, type Resource } from "../kube/resource.ts";
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
import { HOST_INDEXES, Inspector, type InspectorOptions } from "../preflight/inspector.ts";

export type ObjectsAround = Pick<InspectorOptions, "rootNamespace" | "sees" | "source"> & {
  readonly objects: readonly KubeObject[];
  /** Why objects of optional resources may be missing, by plural. */
  readonly absences?: Readonly<Record<string, string>>;
};

/** Looks at objects that were read at once: from files, or from a cluster by somebody who does not watch it. */
export function inspectorOf({ objects, absences = {}, ...options }: ObjectsAround): Inspector {
  const read = <T extends KubeObject>(resource: Resource<T>, cacheOptions: CacheOptions<T> = {}) =>
    filled(resource, objects, cacheOptions);
  const optional = <T extends KubeObject>(resource: Resource<T>) =>
    new OptionalCache(read(resource), () => absences[resource.plural] ?? null);
  return new Inspector({
    ...options,
    deployments: read(DEPLOYMENT),
    replicaSets: read(REPLICA_SET, { indexes: OWNER_INDEXES }),
    pods: read(POD, { indexes: OWNER_INDEXES }),
    services: read(SERVICE),
    virtualServices: read(VIRTUAL_SERVICE, { indexes: HOST_INDEXES }),
    destinationRules: read(DESTINATION_RULE),
    peerAuthentications: optional(PEER_AUTHENTICATION),
    namespaces: optional(NAMESPACE),
  });
}

/** Istio's older versions have the same fields. */
function filled<T extends KubeObject>(
  resource: Resource<T>,
  objects: readonly KubeObject[],
  options: CacheOptions<T>,
): Cache<T> {
  const cache = new Cache<T>(resource, options);
  const isOfGroup = ({ apiVersion }: KubeObject) =>
    apiVersion === apiVersionOf(resource) ||
    (resource.group !== "" && apiVersion.startsWith(`${resource.group}/`));
  const items = objects
    .filter((object) => object.kind === resource.kind && isOfGroup(object))
    .map((object) => ({ ...object, metadata: { ...object.metadata, resourceVersion: "1" } }) as T);
  cache.replace({ items, resourceVersion: "1" });
  return cache;
}
