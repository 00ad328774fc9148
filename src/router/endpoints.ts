import { SERVICE_INDEX } from "../kube/indexes.ts";
import type { Endpoint, EndpointSlice, Service } from "../kube/kind/network.ts";
import type { Pod } from "../kube/kind/workload.ts";
import { keyOf, keyText } from "../kube/object.ts";
import type { Reader } from "../kube/reader.ts";

/**
 * How many pods would answer a request to the Service now. Its EndpointSlices lag behind its selector: an endpoint
 * whose pod the selector no longer names does not count, or a Service that was just pointed elsewhere would look ready.
 * A pod with addresses of both families is in two slices, and counts once.
 */
export function readyEndpoints(
  service: Service,
  endpointSlices: Reader<EndpointSlice>,
  pods: Reader<Pod>,
): number {
  const selector = Object.entries(service.spec.selector ?? {});
  const { namespace } = service.metadata;
  const names = new Set<string>();
  for (const slice of endpointSlices.by(SERVICE_INDEX, keyText(keyOf(service)))) {
    for (const endpoint of slice.endpoints ?? []) {
      const name = readyPodName(endpoint);
      const pod = name === undefined ? undefined : pods.get({ namespace, name });
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
      if (selector.every(([key, value]) => pod.metadata.labels?.[key] === value))
        names.add(pod.metadata.name);
    }
  }
  return names.size;
}

/** An absent condition means ready (discovery/v1). */
function readyPodName(endpoint: Endpoint): string | undefined {
  if (endpoint.conditions?.ready === false || endpoint.conditions?.terminating === true) return undefined;
  return endpoint.targetRef?.kind === "Pod" ? endpoint.targetRef.name : undefined;
}
