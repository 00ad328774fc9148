import { afterEach, describe, expect, it } from "vitest";
import { VirtualCluster } from "../../../test/support/virtual-cluster.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Resource } from "../../kube/resource.ts";

let world: VirtualCluster | undefined;

afterEach(() => world?.stop());

const BUDGETS: Resource = {
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  namespaced: true,
};

async function evict(it: VirtualCluster, name: string): Promise<void> {
  const resource: Resource = {
    group: "",
    version: "v1",
    kind: "Eviction",
    plural: `pods/${name}/eviction`,
    namespaced: true,
  };
  await it.client.create(resource, {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace: "default" },
  });
}

async function withPods(replicas: number, spec?: object): Promise<VirtualCluster> {
  world = await new VirtualCluster().start();
  await world.deploy("web", "web:1", { replicas });
  await world.advance(5);
  if (spec !== undefined) {
    const budget = {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "web", namespace: "default" },
      spec: { selector: { matchLabels: { app: "web" } }, ...spec },
    };
    await world.client.create(BUDGETS, budget as KubeObject);
  }
  return world;
}

describe("an eviction", () => {
  it("deletes the pod, which is replaced", async () => {
    const it = await withPods(1);
    const [pod] = await it.pods();
    await evict(it, pod!.metadata.name);
    await it.advance(20);
    const names = (await it.pods()).map((it) => it.metadata.name);
    expect(names).toHaveLength(1);
    expect(names).not.toContain(pod?.metadata.name);
  });

  it.each([{ minAvailable: 2 }, { maxUnavailable: 1 }, { minAvailable: "60%" }])(
    "is refused where %o would be hurt",
    async (spec) => {
      const it = await withPods(3, spec);
      const [first, second] = await it.pods();
      await evict(it, first!.metadata.name);
      await expect(evict(it, second!.metadata.name)).rejects.toThrow(
        "Cannot evict pod as it would violate the pod's disruption budget.",
      );
      await it.advance(20);
      await evict(it, second!.metadata.name);
    },
  );
});
