import { afterEach, describe, expect, it } from "vitest";
import { VirtualCluster } from "../../../test/support/virtual-cluster.ts";
import { conditionOf } from "../../../test/support/workload-objects.ts";
import { RestClient } from "../../kube/rest-client.ts";
import { Prng } from "../../lib/prng.ts";
import { HEALTHY_IMAGE } from "../image.ts";
import { NODES, type Pod } from "../kinds.ts";
import { SimulatedNodes } from "./nodes.ts";

let world: VirtualCluster | undefined;

afterEach(() => world?.stop());

async function withNodes(nodes: readonly string[]): Promise<VirtualCluster> {
  world = await new VirtualCluster({}, { nodes }).start();
  return world;
}

async function podsByNode(it: VirtualCluster): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const pod of await it.pods()) {
    const node = pod.spec.nodeName ?? "none";
    counts[node] = (counts[node] ?? 0) + 1;
  }
  return counts;
}

describe("scheduling", () => {
  it("spreads pods over the nodes", async () => {
    const it = await withNodes(["a", "b", "c"]);
    await it.deploy("web", "web:1", { replicas: 6 });
    await it.advance(5);
    expect(await podsByNode(it)).toEqual({ a: 2, b: 2, c: 2 });
  });

  it("says why a pod finds no node, and places it when one is there", async () => {
    const it = await withNodes(["a"]);
    const cordon = (unschedulable: boolean) =>
      it.client.patch(NODES, { name: "a" }, { type: "merge", body: { spec: { unschedulable } } });
    await cordon(true);
    await it.advance(1);
    await it.deploy("web", "web:1");
    await it.advance(5);
    expect(conditionOf((await it.pods())[0], "PodScheduled")).toMatchObject({
      status: "False",
      reason: "Unschedulable",
      message: "0/1 nodes are available: 1 node(s) were unschedulable.",
    });
    await cordon(false);
    await it.advance(5);
    expect((await it.pods())[0]?.status?.phase).toBe("Running");
  });
});

describe("a node that fails", () => {
  it("has its pods called not ready after 40 s, and replaced elsewhere after five minutes", async () => {
    const it = await withNodes(["a", "b"]);
    await it.deploy("web", "web:1", { replicas: 4 });
    await it.advance(10);
    it.cluster.nodes.fail("a");
    await it.advance(35);
    expect((await it.deployment()).status?.readyReplicas).toBe(4);
    await it.advance(10);
    expect((await it.deployment()).status?.readyReplicas).toBe(2);
    expect(conditionOf(await it.client.get(NODES, { name: "a" }), "Ready")?.status).toBe("Unknown");
    await it.advance(310);
    expect((await it.deployment()).status?.readyReplicas).toBe(4);
    // Nobody is there to confirm that the old ones are gone.
    expect(await podsByNode(it)).toEqual({ a: 2, b: 4 });
    it.cluster.nodes.recover("a");
    await it.advance(10);
    expect(await podsByNode(it)).toEqual({ b: 4 });
    expect(conditionOf(await it.client.get(NODES, { name: "a" }), "Ready")?.status).toBe("True");
  });

  it("and comes back in time keeps its pods", async () => {
    const it = await withNodes(["a"]);
    await it.deploy("web", "web:1", { replicas: 2 });
    await it.advance(10);
    const names = (await it.pods()).map((pod) => pod.metadata.name);
    it.cluster.nodes.fail("a");
    await it.advance(120);
    it.cluster.nodes.recover("a");
    await it.advance(10);
    expect((await it.pods()).map((pod) => pod.metadata.name)).toEqual(names);
    expect((await it.deployment()).status?.readyReplicas).toBe(2);
  });
});

describe("a kubelet that starts anew", () => {
  it("goes on with the pods as their status tells, and writes nothing about those that are well", async () => {
    const it = await withNodes(["a"]);
    it.setImage("bad:1", { crashAfterMs: 2_000 });
    await it.deploy("web", "web:1", { replicas: 2 });
    await it.deploy("bad", "bad:1");
    await it.advance(60);
    const before = await it.pods();
    await it.stop();
    const client = new RestClient({
      transport: it.cluster.apiServer,
      clock: it.clock,
      fieldManager: "kubelet",
    });
    const book = (image: string) => ({ ...HEALTHY_IMAGE, crashAfterMs: image === "bad:1" ? 2_000 : null });
    const second = new SimulatedNodes({ client, clock: it.clock, prng: new Prng(9), book, names: ["a"] });
    const started = second.start();
    await it.advance(5);
    await started;
    const after = await it.pods();
    const versions = (pods: readonly Pod[]) =>
      pods.filter((pod) => pod.metadata.labels?.["app"] === "web").map((pod) => pod.metadata.resourceVersion);
    expect(versions(after)).toEqual(versions(before));
    await it.advance(100);
    const restarts = (pods: readonly Pod[]) =>
      pods.find((pod) => pod.metadata.labels?.["app"] === "bad")?.status?.containerStatuses?.[0]
        ?.restartCount;
    expect(restarts(await it.pods())).toBeGreaterThan(restarts(before) ?? 0);
    const stopped = second.stop();
    await it.advance(2);
    await stopped;
  });
});
