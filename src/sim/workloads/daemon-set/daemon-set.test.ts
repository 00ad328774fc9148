import { afterEach, describe, expect, it } from "vitest";
import { VirtualCluster } from "../../../../test/support/virtual-cluster.ts";
import { NODES } from "../../kinds.ts";
import { CONTROLLER_REVISIONS, DAEMON_SETS, type DaemonSet } from "./daemon-set.ts";

let world: VirtualCluster | undefined;

afterEach(() => world?.stop());

async function withAgents(spec: Partial<DaemonSet["spec"]> = {}): Promise<VirtualCluster> {
  world = await new VirtualCluster({}, { nodes: ["a", "b", "c"] }).start();
  const labels = { app: "agent" };
  await world.client.create(DAEMON_SETS, {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent", namespace: "default" },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "main", image: "agent:1" }] } },
      ...spec,
    },
  });
  await world.advance(10);
  return world;
}

async function patch(it: VirtualCluster, path: string, value: unknown): Promise<void> {
  const operations = [{ op: "add", path, value }] as const;
  await it.client.patch(DAEMON_SETS, { namespace: "default", name: "agent" }, { type: "json", operations });
}

async function placement(it: VirtualCluster): Promise<readonly string[]> {
  const pods = await it.pods();
  return pods.map((pod) => `${pod.spec.nodeName} ${pod.spec.containers[0]?.image}`).sort();
}

describe("a DaemonSet", () => {
  it("runs one pod on every node, also on one that comes later", async () => {
    const it = await withAgents();
    expect(await placement(it)).toEqual(["a agent:1", "b agent:1", "c agent:1"]);
    const [status] = (await it.all(DAEMON_SETS)).map((daemonSet) => daemonSet.status);
    expect(status).toMatchObject({ desiredNumberScheduled: 3, numberReady: 3, updatedNumberScheduled: 3 });
    await it.client.create(NODES, { apiVersion: "v1", kind: "Node", metadata: { name: "d" } });
    await it.advance(5);
    expect((await placement(it)).at(-1)).toBe("d agent:1");
  });

  it("updates one node at a time and keeps the old template as a revision", async () => {
    const it = await withAgents();
    await patch(it, "/spec/template/spec/containers/0/image", "agent:2");
    let fewest = 3;
    await it.watch(40, async () => {
      const [daemonSet] = await it.all(DAEMON_SETS);
      fewest = Math.min(fewest, daemonSet?.status?.numberReady ?? 0);
    });
    expect(fewest).toBe(2);
    expect(await placement(it)).toEqual(["a agent:2", "b agent:2", "c agent:2"]);
    expect((await it.all(CONTROLLER_REVISIONS)).map(({ revision }) => revision).sort()).toEqual([1, 2]);
  });

  it("leaves nodes that its selector does not take, which is how it is scaled to nothing", async () => {
    const it = await withAgents();
    await patch(it, "/spec/template/spec/nodeSelector", { "example.com/none": "true" });
    await it.advance(20);
    expect(await placement(it)).toEqual([]);
  });

  it("with OnDelete waits for somebody to delete the old pods", async () => {
    const it = await withAgents({ updateStrategy: { type: "OnDelete" } });
    await patch(it, "/spec/template/spec/containers/0/image", "agent:2");
    await it.advance(30);
    expect(await placement(it)).toEqual(["a agent:1", "b agent:1", "c agent:1"]);
  });
});
