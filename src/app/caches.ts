import { ROLLOUT } from "../api/resource.ts";
import type { Around, Watched } from "../controller/triggers.ts";
import { ROLLOUT_INDEXES } from "../controller/triggers.ts";
import type { CacheOptions } from "../kube/cache.ts";
import type { CacheSet } from "../kube/cache-set.ts";
import { CacheUnion, type WatchedReader } from "../kube/cache-union.ts";
import { OWNER_INDEXES, SERVICE_INDEXES } from "../kube/indexes.ts";
import type { Namespace } from "../kube/kind/cluster.ts";
import type { DestinationRule, PeerAuthentication, VirtualService } from "../kube/kind/network.ts";
import type { KubeObject } from "../kube/object.ts";
import { OptionalCache } from "../kube/optional-reader.ts";
import type { Resource } from "../kube/resource.ts";
import {
  DEPLOYMENT,
  DESTINATION_RULE,
  ENDPOINT_SLICE,
  NAMESPACE,
  PEER_AUTHENTICATION,
  POD,
  REPLICA_SET,
  SERVICE,
  VIRTUAL_SERVICE,
} from "../kube/resources.ts";
import { HOST_INDEXES } from "../preflight/inspector.ts";
import { withEditorsOnly } from "../router/last-editor.ts";
import { slimNamespace, slimPod, slimRollout } from "./slim.ts";

export interface Caches extends Watched {
  readonly virtualServices: WatchedReader<VirtualService>;
  readonly destinationRules: WatchedReader<DestinationRule>;
  readonly peerAuthentications: OptionalCache<PeerAuthentication>;
  readonly namespaces: OptionalCache<Namespace>;
}

/** Kinds that a leader writes; what others write (pods and what follows them) may be seen late by any leader. */
export const WRITTEN: readonly Resource[] = [ROLLOUT, DEPLOYMENT, SERVICE, VIRTUAL_SERVICE, DESTINATION_RULE];

/** Everything that decisions are made from, in these namespaces; none: in all. `root`: the mesh's. */
export function makeCaches(set: CacheSet, namespaces: readonly string[], root: string): Caches {
  const add = <T extends KubeObject>(resource: Resource<T>, options: CacheOptions<T> = {}) =>
    addCaches(set, namespaces, resource, options);
  const virtualServices = add(VIRTUAL_SERVICE, { indexes: HOST_INDEXES, transform: withEditorsOnly });
  const destinationRules = add(DESTINATION_RULE, { transform: withEditorsOnly });
  const peerAuthentications = addOptional(
    set,
    namespaces.length === 0 ? [] : [...new Set([...namespaces, root])],
  );
  const allNamespaces = set.addOptional(NAMESPACE, { transform: slimNamespace });
  return {
    rollouts: add(ROLLOUT, { indexes: ROLLOUT_INDEXES, transform: slimRollout }),
    deployments: add(DEPLOYMENT),
    replicaSets: add(REPLICA_SET, { indexes: OWNER_INDEXES }),
    pods: add(POD, { indexes: OWNER_INDEXES, transform: slimPod }),
    services: add(SERVICE),
    endpointSlices: add(ENDPOINT_SLICE, { indexes: SERVICE_INDEXES }),
    virtualServices,
    destinationRules,
    peerAuthentications,
    namespaces: allNamespaces,
    routing: [erase(virtualServices), erase(destinationRules)],
    around: [virtualServices, destinationRules, peerAuthentications, allNamespaces].map(eraseEvents),
  };
}

function addOptional(set: CacheSet, namespaces: readonly string[]): OptionalCache<PeerAuthentication> {
  if (namespaces.length === 0) return set.addOptional(PEER_AUTHENTICATION);
  const caches = namespaces.map(
    (namespace) => [namespace, set.addOptional(PEER_AUTHENTICATION, { namespace })] as const,
  );
  const absence = () => caches.map(([, cache]) => cache.absence).find((it) => it !== null) ?? null;
  return new OptionalCache(new CacheUnion(new Map(caches)), absence);
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

/** Subscribers only look at who has changed it. */
function eraseEvents<T extends KubeObject>(reader: Pick<WatchedReader<T>, "subscribe">): Around {
  return reader as unknown as Around;
}

/** Subscribers only look at metadata, which every kind has. */
function erase<T extends KubeObject>(reader: WatchedReader<T>): WatchedReader<KubeObject> {
  return reader as unknown as WatchedReader<KubeObject>;
}
