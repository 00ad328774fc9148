import { describe, expect, it } from "vitest";
import { VirtualCluster } from "../../test/support/virtual-cluster.ts";
import { conditionOf } from "../../test/support/workload-objects.ts";

describe("the embedded cluster", () => {
  it("runs a Deployment's pods, ready after their start time", async () => {
    const world = await new VirtualCluster({ "web:1": { startTimeMs: 3_000 } }).start();
    await world.deploy("web", "web:1", { replicas: 2 });
    await world.advance(2);
    expect((await world.pods()).map((pod) => pod.status?.phase)).toEqual(["Running", "Running"]);
    expect((await world.deployment()).status?.readyReplicas ?? 0).toBe(0);
    await world.advance(2);
    const deployment = await world.deployment();
    expect(deployment.status).toMatchObject({ replicas: 2, readyReplicas: 2, availableReplicas: 2 });
    expect(conditionOf(deployment, "Progressing")?.reason).toBe("NewReplicaSetAvailable");
  });
});
