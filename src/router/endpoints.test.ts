import { describe, expect, it } from "vitest";
import { aPodOf, aReplicaSet } from "../../test/support/rollout-objects.ts";
import { Cache } from "../kube/cache.ts";
import { SERVICE_INDEXES } from "../kube/indexes.ts";
import type { Endpoint, EndpointSlice, Service } from "../kube/kind/network.ts";
import type { Pod } from "../kube/kind/workload.ts";
import { ENDPOINT_SLICE, POD } from "../kube/resources.ts";
import { readyEndpoints } from "./endpoints.ts";

const CANARY: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "checkout-canary", namespace: "shop" },
  spec: { selector: { app: "checkout", "pod-template-hash": "new" } },
};

function anEndpoint(pod: Pod, conditions: Endpoint["conditions"] = { ready: true }): Endpoint {
  return { addresses: ["10.0.0.1"], conditions, targetRef: { kind: "Pod", name: pod.metadata.name } };
}

function aSlice(
  endpoints: readonly Endpoint[],
  name = "s1",
  addressType: "IPv4" | "IPv6" = "IPv4",
): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace: "shop", labels: { "kubernetes.io/service-name": "checkout-canary" } },
    addressType,
    endpoints,
  };
}

function count(slices: readonly EndpointSlice[], pods: readonly Pod[]): number {
  const sliceCache = new Cache(ENDPOINT_SLICE, { indexes: SERVICE_INDEXES });
  const podCache = new Cache(POD);
  let version = 0;
  const versioned = <T extends { readonly metadata: object }>(object: T): T => {
    version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
  };
  for (const slice of slices) sliceCache.observe({ type: "ADDED", object: versioned(slice) });
  for (const pod of pods) podCache.observe({ type: "ADDED", object: versioned(pod) });
  return readyEndpoints(CANARY, sliceCache, podCache);
}

describe("readyEndpoints", () => {
  const set = aReplicaSet("new");
  const [a, b] = [aPodOf(set, "a"), aPodOf(set, "b")];

  it("counts pods that are ready", () => {
    expect(count([aSlice([anEndpoint(a), anEndpoint(b)])], [a, b])).toBe(2);
    expect(count([aSlice([anEndpoint(a), anEndpoint(b, { ready: false })])], [a, b])).toBe(1);
    expect(count([aSlice([anEndpoint(a, { ready: true, terminating: true })])], [a])).toBe(0);
    expect(count([aSlice([anEndpoint(a, {})])], [a])).toBe(1);
  });

  it("counts a pod with addresses of both families once", () => {
    expect(count([aSlice([anEndpoint(a)]), aSlice([anEndpoint(a)], "s2", "IPv6")], [a])).toBe(1);
  });

  it("does not count endpoints that the selector no longer names: slices lag behind it", () => {
    const old = aPodOf(aReplicaSet("old"), "a");
    expect(count([aSlice([anEndpoint(old)])], [old])).toBe(0);
  });

  it("does not count pods that are gone or going", () => {
    const going = { ...a, metadata: { ...a.metadata, deletionTimestamp: "2026-01-05T09:00:00Z" } };
    expect(count([aSlice([anEndpoint(a), anEndpoint(b)])], [going])).toBe(0);
    expect(count([{ ...aSlice([]), endpoints: null }], [a])).toBe(0);
  });
});
