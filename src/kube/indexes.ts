import { type IndexFunction, ownerUids } from "./cache-index.ts";
import { type EndpointSlice, SERVICE_NAME_LABEL } from "./kind/network.ts";
import type { KubeObject } from "./object.ts";

/** Objects by the uids of their owners: the ReplicaSets of a Deployment, the pods of a ReplicaSet. */
export const OWNER_INDEX = "owner";

/** EndpointSlices by `namespace/name` of their Service. */
export const SERVICE_INDEX = "service";

/** For CacheOptions.indexes of ReplicaSets and pods. */
export const OWNER_INDEXES: Readonly<Record<string, IndexFunction<KubeObject>>> = {
  [OWNER_INDEX]: ownerUids,
};

/** For CacheOptions.indexes of EndpointSlices. */
export const SERVICE_INDEXES: Readonly<Record<string, IndexFunction<EndpointSlice>>> = {
  [SERVICE_INDEX]: (slice) => {
    const service = slice.metadata.labels?.[SERVICE_NAME_LABEL];
    return service === undefined ? [] : [`${slice.metadata.namespace ?? ""}/${service}`];
  },
};
