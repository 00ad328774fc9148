import { afterEach, describe, expect, it } from "vitest";
import { type Images, VirtualCluster } from "../../test/support/virtual-cluster.ts";
import { conditionOf } from "../../test/support/workload-objects.ts";
import { isNotFound } from "../kube/api-error.ts";
import type { Event } from "../kube/kind/cluster.ts";
import type { Endpoint } from "../kube/kind/network.ts";
import { CONFIG_MAP, ENDPOINT_SLICE, EVENT, SERVICE } from "../kube/resources.ts";
import { DEPLOYMENTS, PODS, type Pod, REPLICA_SETS, type ReplicaSet } from "./kinds.ts";

const worlds: VirtualCluster[] = [];

async function world(images: Images = {}): Promise<VirtualCluster> {
  const created = await new VirtualCluster(images).start();
  worlds.push(created);
  return created;
}

afterEach(async () => {
  for (const it of worlds.splice(0)) await it.stop();
});

function isReady(pod: Pod): boolean {
  return conditionOf(pod, "Ready")?.status === "True";
}

function sizes(sets: readonly ReplicaSet[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    sets.map((set) => [set.spec.template.spec.containers[0]?.image ?? "", set.spec.replicas]),
  );
}

describe("a Deployment in the embedded cluster", () => {
  it("runs its pods, ready after their start time", async () => {
    const it = await world({ "web:1": { startTimeMs: 3_000 } });
    await it.deploy("web", "web:1", { replicas: 2 });
    await it.advance(2);
    expect((await it.pods()).map((pod) => pod.status?.phase)).toEqual(["Running", "Running"]);
    expect((await it.deployment()).status?.readyReplicas ?? 0).toBe(0);
    await it.advance(2);
    const deployment = await it.deployment();
    expect(deployment.metadata.generation).toBe(1);
    expect(deployment.status).toMatchObject({ replicas: 2, readyReplicas: 2, availableReplicas: 2 });
    expect(conditionOf(deployment, "Progressing")?.reason).toBe("NewReplicaSetAvailable");
  });

  it("settles at 3 old and 2 new pods when new ones do not come up, as 25%/25% of four has it", async () => {
    const it = await world({ "web:2": { neverReady: true } });
    await it.deploy("web", "web:1", { replicas: 4 });
    await it.advance(10);
    await it.setDeploymentImage("web", "web:2");
    await it.advance(60);
    expect(sizes(await it.replicaSets())).toEqual({ "web:1": 3, "web:2": 2 });
    expect((await it.deployment()).status).toMatchObject({
      replicas: 5,
      updatedReplicas: 2,
      availableReplicas: 3,
      unavailableReplicas: 2,
    });
  });

  it("keeps its availability and its surge bound through a rolling update", async () => {
    const it = await world();
    await it.deploy("web", "web:1", { replicas: 8 });
    await it.advance(10);
    await it.setDeploymentImage("web", "web:2");
    let most = 0;
    let fewest = 8;
    await it.watch(30, async () => {
      const alive = (await it.pods()).filter((pod) => pod.metadata.deletionTimestamp === undefined);
      most = Math.max(most, alive.length);
      fewest = Math.min(fewest, alive.filter(isReady).length);
    });
    expect([fewest, most]).toEqual([6, 10]);
    expect(sizes(await it.replicaSets())).toEqual({ "web:1": 0, "web:2": 8 });
    expect((await it.pods()).length).toBe(8);
  });

  it("says that its deadline has passed, and recovers when the pods come up after all", async () => {
    const it = await world({ "web:1": { neverReady: true } });
    await it.deploy("web", "web:1", { progressDeadlineSeconds: 20 });
    await it.advance(25);
    expect(conditionOf(await it.deployment(), "Progressing")).toMatchObject({
      status: "False",
      reason: "ProgressDeadlineExceeded",
    });
    it.setImage("web:1", {});
    await it.advance(5);
    expect(conditionOf(await it.deployment(), "Progressing")?.reason).toBe("NewReplicaSetAvailable");
  });

  it("rolled back uses its old ReplicaSet again", async () => {
    const it = await world({ "web:2": { crashAfterMs: 1_000 } });
    await it.deploy("web", "web:1", { replicas: 2 });
    await it.advance(10);
    const [first] = await it.replicaSets();
    await it.setDeploymentImage("web", "web:2");
    await it.advance(30);
    await it.setDeploymentImage("web", "web:1");
    await it.advance(60);
    const sets = await it.replicaSets();
    expect(sizes(sets)).toEqual({ "web:1": 2, "web:2": 0 });
    const again = sets.find((set) => set.metadata.name === first?.metadata.name);
    expect(again?.metadata.annotations?.["deployment.kubernetes.io/revision-history"]).toBe("1");
    expect((await it.pods()).every(isReady)).toBe(true);
  });

  it("waits minReadySeconds before it calls a pod available", async () => {
    const it = await world({ "web:1": { startTimeMs: 1_000 } });
    await it.deploy("web", "web:1", { minReadySeconds: 30 });
    await it.advance(20);
    expect((await it.deployment()).status).toMatchObject({ readyReplicas: 1, unavailableReplicas: 1 });
    await it.advance(12);
    expect((await it.deployment()).status?.availableReplicas).toBe(1);
  });

  it("with Recreate never runs two versions at a time", async () => {
    const it = await world();
    await it.deploy("web", "web:1", { replicas: 3, strategy: { type: "Recreate" } });
    await it.advance(10);
    await it.setDeploymentImage("web", "web:2");
    await it.watch(20, async () => {
      const images = new Set((await it.pods()).map((pod) => pod.spec.containers[0]?.image));
      expect(images.size).toBeLessThanOrEqual(1);
    });
    expect((await it.pods()).map((pod) => pod.spec.containers[0]?.image)).toEqual([
      "web:2",
      "web:2",
      "web:2",
    ]);
  });

  it("forgets old revisions, and deleted takes everything with it", async () => {
    const it = await world();
    await it.deploy("web", "web:1", { revisionHistoryLimit: 1 });
    for (const version of [2, 3, 4]) {
      await it.advance(20);
      await it.setDeploymentImage("web", `web:${version}`);
    }
    await it.advance(20);
    expect(sizes(await it.replicaSets())).toEqual({ "web:3": 0, "web:4": 1 });
    await it.client.delete(DEPLOYMENTS, { namespace: "default", name: "web" });
    await it.advance(20);
    expect([await it.replicaSets(), await it.pods()]).toEqual([[], []]);
  });

  it("writes nothing at rest", async () => {
    const it = await world();
    await it.deploy("web", "web:1", { replicas: 3 });
    await it.advance(60);
    const before = (await it.client.list(PODS)).resourceVersion;
    await it.advance(4 * 3_600);
    expect((await it.client.list(PODS)).resourceVersion).toBe(before);
  });
});

describe("a pod in the embedded cluster", () => {
  it("that crashes again and again is in CrashLoopBackOff, with its restarts counted", async () => {
    const it = await world({ "web:1": { crashAfterMs: 3_000, startTimeMs: 1_000 } });
    await it.deploy("web", "web:1");
    await it.advance(45);
    const [pod] = await it.pods();
    const [status] = pod?.status?.containerStatuses ?? [];
    expect(status).toMatchObject({
      ready: false,
      restartCount: 3,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode: 1, reason: "Error" } },
    });
    expect(status?.state.waiting?.message).toMatch(/^back-off 40s restarting failed container=main pod=web-/);
    expect(conditionOf(pod, "Ready")).toMatchObject({ status: "False", reason: "ContainersNotReady" });
  });

  it("whose image cannot be pulled waits in ImagePullBackOff", async () => {
    const it = await world({ "web:1": { pullError: true } });
    await it.deploy("web", "web:1");
    await it.advance(2);
    const waiting = async () => (await it.pods())[0]?.status?.containerStatuses?.[0]?.state.waiting?.reason;
    expect(await waiting()).toBe("ErrImagePull");
    await it.advance(10);
    expect(await waiting()).toBe("ImagePullBackOff");
    expect((await it.pods())[0]?.status?.phase).toBe("Pending");
  });

  it("deleted serves on for its stop time, and not longer than its grace period", async () => {
    const it = await world({ "slow:1": { stopTimeMs: 60_000 }, "quick:1": { stopTimeMs: 4_000 } });
    await it.deploy("quick", "quick:1");
    await it.deploy("slow", "slow:1");
    await it.advance(5);
    const doomed = await it.pods();
    for (const pod of doomed) await it.client.delete(PODS, { namespace: "default", name: pod.metadata.name });
    const left = async () => {
      const names = (await it.pods()).map((pod) => pod.metadata.name);
      return doomed
        .filter((pod) => names.includes(pod.metadata.name))
        .map((pod) => pod.spec.containers[0]?.image);
    };
    await it.advance(3);
    expect((await it.pods()).filter((pod) => pod.metadata.deletionTimestamp).every(isReady)).toBe(true);
    expect(await left()).toEqual(["quick:1", "slow:1"]);
    await it.advance(2);
    expect(await left()).toEqual(["slow:1"]);
    await it.advance(26);
    expect(await left()).toEqual([]);
  });

  it("tells its story in events", async () => {
    const it = await world({ "web:1": { crashAfterMs: 2_000 } });
    await it.deploy("web", "web:1");
    await it.advance(10);
    const version = (event: Event) => Number(event.metadata.resourceVersion);
    const events = [...(await it.all(EVENT))].sort((a, b) => version(a) - version(b));
    const reasons = events
      .filter((event) => event.involvedObject.kind === "Pod")
      .map((event) => event.reason);
    expect(reasons).toEqual(["Scheduled", "Pulled", "Created", "Started", "BackOff"]);
    expect(events.find((event) => event.reason === "Started")?.count).toBe(2);
  });

  it("that is orphaned and matches is adopted by the ReplicaSet, which deletes one too many", async () => {
    const it = await world();
    await it.deploy("web", "web:1", { replicas: 2 });
    await it.advance(10);
    const [pod] = await it.pods();
    const { uid: _, resourceVersion: __, ownerReferences: ___, ...metadata } = pod!.metadata;
    await it.client.create(PODS, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, name: "stray" },
      spec: { containers: pod!.spec.containers },
    });
    await it.advance(20);
    const pods = await it.pods();
    expect(pods).toHaveLength(2);
    expect(pods.every((it) => it.metadata.ownerReferences?.[0]?.kind === "ReplicaSet")).toBe(true);
  });
});

describe("a Service in the embedded cluster", () => {
  async function endpointsOf(it: VirtualCluster): Promise<readonly Endpoint[]> {
    return (await it.all(ENDPOINT_SLICE)).flatMap((slice) => slice.endpoints ?? []);
  }

  it("leads to ready pods, and to terminating ones as long as they serve", async () => {
    const it = await world({ "web:1": { startTimeMs: 5_000, stopTimeMs: 3_000 } });
    await it.client.create(SERVICE, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "default" },
      spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: "http" }] },
    });
    await it.deploy("web", "web:1");
    await it.advance(3);
    expect((await endpointsOf(it)).map((endpoint) => endpoint.conditions?.ready)).toEqual([false]);
    await it.advance(3);
    expect((await endpointsOf(it)).map((endpoint) => endpoint.conditions)).toEqual([
      { ready: true, serving: true, terminating: false },
    ]);
    const [slice] = await it.all(ENDPOINT_SLICE);
    expect(slice?.ports).toEqual([{ name: "", port: 8080, protocol: "TCP" }]);

    const [pod] = await it.pods();
    await it.client.delete(PODS, { namespace: "default", name: pod!.metadata.name });
    await it.advance(1);
    const leaving = (await endpointsOf(it)).find((endpoint) => endpoint.targetRef?.uid === pod?.metadata.uid);
    expect(leaving?.conditions).toEqual({ ready: false, serving: true, terminating: true });
    await it.advance(3);
    expect((await endpointsOf(it)).map((endpoint) => endpoint.targetRef?.uid)).not.toContain(
      pod?.metadata.uid,
    );

    await it.client.delete(SERVICE, { namespace: "default", name: "web" });
    await it.advance(1);
    expect(await it.all(ENDPOINT_SLICE)).toEqual([]);
  });
});

describe("garbage collection", () => {
  async function exists(it: VirtualCluster, name: string): Promise<boolean> {
    return await it.client.get(CONFIG_MAP, { namespace: "default", name }).then(
      () => true,
      (error: unknown) => {
        if (isNotFound(error)) return false;
        throw error;
      },
    );
  }

  async function owned(it: VirtualCluster, name: string, owners: readonly string[], more: object = {}) {
    const references = await Promise.all(
      owners.map(async (owner) => {
        const object = await it.client.get(CONFIG_MAP, { namespace: "default", name: owner });
        const { uid = "" } = object.metadata;
        return { apiVersion: "v1", kind: "ConfigMap", name: owner, uid, blockOwnerDeletion: true };
      }),
    );
    await it.client.create(CONFIG_MAP, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "default", ownerReferences: references, ...more },
    });
  }

  it("in the background deletes what has lost its last owner, and strikes off one of several", async () => {
    const it = await world();
    await owned(it, "a", []);
    await owned(it, "b", []);
    await owned(it, "of-a", ["a"]);
    await owned(it, "of-both", ["a", "b"]);
    await it.advance(1);
    await it.client.delete(CONFIG_MAP, { namespace: "default", name: "a" });
    await it.advance(1);
    expect(await exists(it, "of-a")).toBe(false);
    const shared = await it.client.get(CONFIG_MAP, { namespace: "default", name: "of-both" });
    expect(shared.metadata.ownerReferences?.map((owner) => owner.name)).toEqual(["b"]);
  });

  it("in the foreground keeps the owner until blocking dependents are gone", async () => {
    const it = await world();
    await owned(it, "a", []);
    await owned(it, "of-a", ["a"], { finalizers: ["example.com/hold"] });
    await it.advance(1);
    await it.client.delete(CONFIG_MAP, { namespace: "default", name: "a" }, { propagation: "Foreground" });
    await it.advance(5);
    expect([await exists(it, "a"), await exists(it, "of-a")]).toEqual([true, true]);
    const body = { metadata: { finalizers: null } };
    await it.client.patch(CONFIG_MAP, { namespace: "default", name: "of-a" }, { type: "merge", body });
    await it.advance(1);
    expect([await exists(it, "a"), await exists(it, "of-a")]).toEqual([false, false]);
  });

  it("of orphans removes the references and leaves the objects", async () => {
    const it = await world();
    await owned(it, "a", []);
    await owned(it, "of-a", ["a"]);
    await it.advance(1);
    await it.client.delete(CONFIG_MAP, { namespace: "default", name: "a" }, { propagation: "Orphan" });
    await it.advance(1);
    expect(await exists(it, "a")).toBe(false);
    const left = await it.client.get(CONFIG_MAP, { namespace: "default", name: "of-a" });
    expect(left.metadata.ownerReferences).toBeUndefined();
  });

  it("takes an object whose owner does not exist", async () => {
    const it = await world();
    const ghost = {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "ghost",
      uid: "11111111-1111-1111-1111-111111111111",
    };
    await owned(it, "lost", [], { ownerReferences: [ghost] });
    await it.advance(1);
    expect(await exists(it, "lost")).toBe(false);
  });

  it("cascades from a Deployment in the foreground", async () => {
    const it = await world();
    await it.deploy("web", "web:1", { replicas: 2 });
    await it.advance(10);
    await it.client.delete(DEPLOYMENTS, { namespace: "default", name: "web" }, { propagation: "Foreground" });
    await it.advance(2);
    expect((await it.deployment()).metadata.finalizers).toEqual(["foregroundDeletion"]);
    await it.advance(10);
    expect([await it.all(DEPLOYMENTS), await it.all(REPLICA_SETS), await it.pods()]).toEqual([[], [], []]);
  });
});

describe("two clusters with the same seed", () => {
  it("come to the same objects, byte for byte", async () => {
    const tell = async () => {
      const it = await world({ "web:2": { crashAfterMs: 4_000 } });
      await it.deploy("web", "web:1", { replicas: 3 });
      await it.advance(20);
      await it.setDeploymentImage("web", "web:2");
      await it.advance(60);
      return JSON.stringify([await it.pods(), await it.replicaSets(), await it.all(EVENT)]);
    };
    expect(await tell()).toBe(await tell());
  });
});
