import { describe, expect, it } from "vitest";
import { aPod, readyStatus } from "../../../../test/support/workload-objects.ts";
import type { EndpointSlice, Service } from "../../../kube/kind/network.ts";
import type { Pod } from "../../kinds.ts";
import { groupEndpoints } from "./endpoints.ts";
import { planSlices } from "./slices.ts";

function aService(spec: Partial<Service["spec"]> = {}): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop", uid: "uid-service", labels: { team: "a" } },
    spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: "http", name: "http" }], ...spec },
  };
}

function servingPod(name: string, port = 8080): Pod {
  const ports = [{ name: "http", containerPort: port }];
  return aPod(name, {
    spec: { containers: [{ name: "main", image: "web:1", ports }] },
    status: readyStatus(undefined, `10.244.0.${name.length}`),
  });
}

function plan(service: Service, pods: readonly Pod[], existing: readonly EndpointSlice[] = []) {
  return planSlices(service, groupEndpoints(service, pods), existing);
}

describe("planSlices", () => {
  it("makes a slice with the ready pods, ports resolved by name", () => {
    const { create } = plan(aService(), [servingPod("a")]);
    expect(create).toMatchObject([
      {
        metadata: {
          generateName: "web-",
          labels: {
            team: "a",
            "kubernetes.io/service-name": "web",
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
          },
          ownerReferences: [{ kind: "Service", name: "web", controller: true }],
        },
        addressType: "IPv4",
        endpoints: [
          {
            addresses: ["10.244.0.1"],
            conditions: { ready: true, serving: true, terminating: false },
            targetRef: { kind: "Pod", namespace: "shop", name: "a", uid: "uid-a" },
          },
        ],
        ports: [{ name: "http", port: 8080, protocol: "TCP" }],
      },
    ]);
  });

  it("keeps a terminating pod that still serves, but not as ready", () => {
    const pod = servingPod("a");
    const leaving = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: "2026-01-05T09:00:30Z" } };
    expect(plan(aService(), [leaving]).create[0]?.endpoints?.[0]?.conditions).toEqual({
      ready: false,
      serving: true,
      terminating: true,
    });
  });

  it("leaves pods without an address, and finished ones, out", () => {
    const pods = [
      aPod("pending"),
      { ...servingPod("done"), status: { phase: "Failed" as const, podIP: "10.244.0.9" } },
    ];
    expect(plan(aService(), pods).create[0]?.endpoints).toEqual([]);
  });

  it("puts pods whose named port differs into slices of their own", () => {
    const { create } = plan(aService(), [servingPod("a", 8080), servingPod("bb", 9090)]);
    expect(create.map((slice) => slice.ports?.[0]?.port)).toEqual([8080, 9090]);
  });

  it("writes nothing when the slices already say so", () => {
    const pods = [servingPod("a"), servingPod("bb")];
    const [slice] = plan(aService(), pods).create;
    expect(plan(aService(), pods, [slice!])).toEqual({ create: [], update: [], delete: [] });
  });

  it("fills slices of a hundred, and a change of one pod rewrites one slice", () => {
    const pods = Array.from({ length: 250 }, (_, index) =>
      servingPod(`pod-${String(index).padStart(3, "0")}`),
    );
    const { create } = plan(aService(), pods);
    expect(create.map((slice) => slice.endpoints?.length)).toEqual([100, 100, 50]);
    const changed = plan(aService(), pods.slice(1), create);
    expect(changed.update.map((slice) => slice.endpoints?.length)).toEqual([99 + 0]);
    expect([changed.create, changed.delete]).toEqual([[], []]);
  });

  it("keeps one empty slice for a Service without pods", () => {
    const { create } = plan(aService(), [servingPod("a")]);
    const emptied = plan(aService(), [], create);
    expect(emptied.delete.length + emptied.update.length).toBe(1);
    expect([...emptied.update, ...emptied.create].map((slice) => slice.endpoints)).toEqual([[]]);
  });
});
