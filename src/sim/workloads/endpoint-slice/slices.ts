import {
  type Endpoint,
  type EndpointSlice,
  SERVICE_NAME_LABEL,
  type Service,
} from "../../../kube/kind/network.ts";
import { SERVICE } from "../../../kube/resources.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { controllerReference } from "../owner.ts";
import { type EndpointGroup, type EndpointPort, portsKey } from "./endpoints.ts";

export const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";
export const MANAGED_BY = "endpointslice-controller.k8s.io";
const HEADLESS_LABEL = "service.kubernetes.io/headless";

/** As kube-controller-manager's --max-endpoints-per-slice has it. */
const MAX_ENDPOINTS = 100;

export interface SliceChanges {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly delete: readonly EndpointSlice[];
}

/**
 * What to do so that `existing` (the slices that we manage for the Service) hold exactly the groups' endpoints.
 * Endpoints stay in the slice that they are in, so that one pod's change rewrites one slice. A Service without
 * endpoints keeps one empty slice.
 */
export function planSlices(
  service: Service,
  groups: readonly EndpointGroup[],
  existing: readonly EndpointSlice[],
): SliceChanges {
  const wanted = groups.length > 0 ? groups : [{ ports: [], endpoints: [] }];
  const unused = new Set(existing);
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  for (const group of wanted) {
    const own = existing.filter(
      (slice) => unused.has(slice) && portsKey(slice.ports ?? []) === portsKey(group.ports),
    );
    const { kept, rest } = distribute(group.endpoints, own);
    for (const [slice, endpoints] of kept) {
      unused.delete(slice);
      const next = filled(service, slice, group.ports, endpoints);
      if (!isDeepEqual(next, slice)) update.push(next);
    }
    for (const endpoints of chunks(rest, kept.size === 0)) {
      const reused = [...unused].find((slice) => portsKey(slice.ports ?? []) === "");
      if (reused !== undefined) unused.delete(reused);
      const next = filled(service, reused ?? emptySlice(service), group.ports, endpoints);
      if (reused === undefined) create.push(next);
      else if (!isDeepEqual(next, reused)) update.push(next);
    }
  }
  return { create, update, delete: [...unused] };
}

interface Distribution {
  /** What each slice that stays will hold. */
  readonly kept: ReadonlyMap<EndpointSlice, readonly Endpoint[]>;
  /** What no slice has room for. */
  readonly rest: readonly Endpoint[];
}

function distribute(endpoints: readonly Endpoint[], slices: readonly EndpointSlice[]): Distribution {
  const left = new Map(endpoints.map((endpoint) => [endpoint.targetRef?.uid ?? "", endpoint]));
  const kept = new Map<EndpointSlice, Endpoint[]>();
  for (const slice of slices) {
    const stay: Endpoint[] = [];
    for (const { targetRef } of slice.endpoints ?? []) {
      const current = left.get(targetRef?.uid ?? "");
      if (current === undefined) continue;
      left.delete(targetRef?.uid ?? "");
      stay.push(current);
    }
    kept.set(slice, stay);
  }
  const rest = [...left.values()];
  for (const stay of kept.values()) stay.push(...rest.splice(0, MAX_ENDPOINTS - stay.length));
  const emptied = [...kept].filter(([, stay]) => stay.length === 0);
  const dropped = emptied.length === kept.size ? emptied.slice(1) : emptied;
  for (const [slice] of dropped) kept.delete(slice);
  return { kept, rest };
}

/** At least one chunk if `atLeastOne`, so that an empty group has its slice. */
function chunks(endpoints: readonly Endpoint[], atLeastOne: boolean): readonly (readonly Endpoint[])[] {
  const result: (readonly Endpoint[])[] = [];
  for (let start = 0; start < endpoints.length; start += MAX_ENDPOINTS) {
    result.push(endpoints.slice(start, start + MAX_ENDPOINTS));
  }
  return result.length === 0 && atLeastOne ? [[]] : result;
}

function emptySlice(service: Service): EndpointSlice {
  const { name, namespace } = service.metadata;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "",
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      ownerReferences: [controllerReference(SERVICE, service)],
    },
    addressType: "IPv4",
    endpoints: [],
    ports: [],
  };
}

function filled(
  service: Service,
  slice: EndpointSlice,
  ports: readonly EndpointPort[],
  endpoints: readonly Endpoint[],
): EndpointSlice {
  const labels = {
    ...service.metadata.labels,
    ...(service.spec.clusterIP === "None" ? { [HEADLESS_LABEL]: "" } : {}),
    [SERVICE_NAME_LABEL]: service.metadata.name,
    [MANAGED_BY_LABEL]: MANAGED_BY,
  };
  return { ...slice, metadata: { ...slice.metadata, labels }, endpoints, ports };
}
