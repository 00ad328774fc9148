import { ROLLOUT } from "../api/resource.ts";
import type { Rollout } from "../api/rollout.ts";
import type { Watched } from "../controller/triggers.ts";
import { ROLLOUT_INDEXES } from "../controller/triggers.ts";
import type { Cache } from "../kube/cache.ts";
import type { CacheSet } from "../kube/cache-set.ts";
import { OWNER_INDEXES, SERVICE_INDEXES } from "../kube/indexes.ts";
import type { DestinationRule, VirtualService } from "../kube/kind/network.ts";
import type { Pod } from "../kube/kind/workload.ts";
import type { KubeObject } from "../kube/object.ts";
import {
  DEPLOYMENT,
  DESTINATION_RULE,
  ENDPOINT_SLICE,
  POD,
  REPLICA_SET,
  SERVICE,
  VIRTUAL_SERVICE,
} from "../kube/resources.ts";

export interface Caches extends Watched {
  readonly virtualServices: Cache<VirtualService>;
  readonly destinationRules: Cache<DestinationRule>;
}

/** Everything that decisions are made from. */
export function makeCaches(set: CacheSet, namespace: string | undefined): Caches {
  const virtualServices = set.add(VIRTUAL_SERVICE, { namespace });
  const destinationRules = set.add(DESTINATION_RULE, { namespace });
  return {
    // managedFields are kept: they tell who set a command.
    rollouts: set.add(ROLLOUT, {
      namespace,
      indexes: ROLLOUT_INDEXES,
      transform: (rollout: Rollout) => rollout,
    }),
    deployments: set.add(DEPLOYMENT, { namespace }),
    replicaSets: set.add(REPLICA_SET, { namespace, indexes: OWNER_INDEXES }),
    pods: set.add(POD, { namespace, indexes: OWNER_INDEXES, transform: slimPod }),
    services: set.add(SERVICE, { namespace }),
    endpointSlices: set.add(ENDPOINT_SLICE, { namespace, indexes: SERVICE_INDEXES }),
    virtualServices,
    destinationRules,
    routing: [erase(virtualServices), erase(destinationRules)],
  };
}

/** Subscribers only look at metadata, which every kind has. */
function erase<T extends KubeObject>(cache: Cache<T>): Cache<KubeObject> {
  return cache as unknown as Cache<KubeObject>;
}

/** There are many pods, and nobody here reads their specs. */
function slimPod(pod: Pod): Pod {
  const { managedFields: _, annotations: __, ...metadata } = pod.metadata;
  const { status } = pod;
  return {
    apiVersion: pod.apiVersion,
    kind: pod.kind,
    metadata,
    ...(status === undefined ? {} : { status }),
  } as Pod;
}
