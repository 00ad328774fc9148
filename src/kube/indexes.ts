import type { EndpointSlice } from "./kind/network.ts";
import { SERVICE_NAME_LABEL } from "./kind/network.ts";
import type { KubeObject } from "./object.ts";

/** Index of objects by the uid of what controls them: the ReplicaSets of a Deployment, the pods of a ReplicaSet. */
export const OWNER_INDEX = "owner";

export function ownerIndex(object: KubeObject): readonly string[] {
  const owner = object.metadata.ownerReferences?.find((it) => it.controller === true);
  return owner === undefined ? [] : [owner.uid];
}

/** Index of EndpointSlices by `namespace/name` of their Service. */
export const SERVICE_INDEX = "service";

export function serviceIndex(slice: EndpointSlice): readonly string[] {
  const service = slice.metadata.labels?.[SERVICE_NAME_LABEL];
  return service === undefined ? [] : [`${slice.metadata.namespace ?? ""}/${service}`];
}
