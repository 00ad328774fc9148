import { ROLLOUT } from "../api/resource.ts";
import type { Watched } from "../controller/triggers.ts";
import { ROLLOUT_INDEXES } from "../controller/triggers.ts";
import type { CacheOptions } from "../kube/cache.ts";
import type { CacheSet } from "../kube/cache-set.ts";
import { CacheUnion, type WatchedReader } from "../kube/cache-union.ts";
import { OWNER_INDEXES, SERVICE_INDEXES } from "../kube/indexes.ts";
import type { DestinationRule, VirtualService } from "../kube/kind/network.ts";
import type { KubeObject } from "../kube/object.ts";
import type { Resource } from "../kube/resource.ts";
import {
  DEPLOYMENT,
  DESTINATION_RULE,
  ENDPOINT_SLICE,
  POD,
  REPLICA_SET,
  SERVICE,
  VIRTUAL_SERVICE,
} from "../kube/resources.ts";
import { withEditorsOnly } from "../router/last-editor.ts";
import { slimPod, slimRollout } from "./slim.ts";

export interface Caches extends Watched {
  readonly virtualServices: WatchedReader<VirtualService>;
  readonly destinationRules: WatchedReader<DestinationRule>;
}

/** Everything that decisions are made from, in these namespaces; none: in all. */
export function makeCaches(set: CacheSet, namespaces: readonly string[]): Caches {
  const add = <T extends KubeObject>(resource: Resource<T>, options: CacheOptions<T> = {}) =>
    addCaches(set, namespaces, resource, options);
  const virtualServices = add(VIRTUAL_SERVICE, { transform: withEditorsOnly });
  const destinationRules = add(DESTINATION_RULE, { transform: withEditorsOnly });
  return {
    rollouts: add(ROLLOUT, { indexes: ROLLOUT_INDEXES, transform: slimRollout }),
    deployments: add(DEPLOYMENT),
    replicaSets: add(REPLICA_SET, { indexes: OWNER_INDEXES }),
    pods: add(POD, { indexes: OWNER_INDEXES, transform: slimPod }),
    services: add(SERVICE),
    endpointSlices: add(ENDPOINT_SLICE, { indexes: SERVICE_INDEXES }),
    virtualServices,
    destinationRules,
    routing: [erase(virtualServices), erase(destinationRules)],
  };
}

/** One cache for the whole cluster, or one a namespace, read as one. */
function addCaches<T extends KubeObject>(
  set: CacheSet,
  namespaces: readonly string[],
  resource: Resource<T>,
  options: CacheOptions<T>,
): WatchedReader<T> {
  if (namespaces.length === 0) return set.add(resource, options);
  const caches = namespaces.map(
    (namespace) => [namespace, set.add(resource, { ...options, namespace })] as const,
  );
  return new CacheUnion(new Map(caches));
}

/** Subscribers only look at metadata, which every kind has. */
function erase<T extends KubeObject>(reader: WatchedReader<T>): WatchedReader<KubeObject> {
  return reader as unknown as WatchedReader<KubeObject>;
}
