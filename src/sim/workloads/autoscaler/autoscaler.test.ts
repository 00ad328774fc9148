import { afterEach, describe, expect, it } from "vitest";
import { VirtualCluster } from "../../../../test/support/virtual-cluster.ts";
import { conditionOf } from "../../../../test/support/workload-objects.ts";
import { HORIZONTAL_POD_AUTOSCALER } from "../../../kube/resources.ts";
import { AUTOSCALERS, type Autoscaler } from "./hpa.ts";

let world: VirtualCluster | undefined;
/** Millicores that all pods use together. */
let load = 0;

afterEach(() => world?.stop());

/** Pods that ask for 100 millicores each, and an autoscaler that wants them half used. */
async function autoscaled(replicas: number, spec: object = {}): Promise<VirtualCluster> {
  const it = new VirtualCluster({}, { podUsage: () => ({ cpu: load / Math.max(1, running), memory: 0 }) });
  let running = replicas;
  world = await it.start();
  const resources = { requests: { cpu: "100m" } };
  await it.deploy("web", "web:1", {
    replicas,
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "main", image: "web:1", resources }] },
    },
  });
  await it.client.create(HORIZONTAL_POD_AUTOSCALER, {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web", namespace: "default" },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
        },
      ],
      ...spec,
    },
  });
  await it.advance(20);
  const count = async () => {
    running = (await it.pods()).length;
  };
  await count();
  const advance = it.advance.bind(it);
  it.advance = async (seconds) => {
    for (let left = seconds; left > 0; left -= 5) {
      await advance(Math.min(5, left));
      await count();
    }
  };
  return it;
}

async function sizeOf(it: VirtualCluster): Promise<number> {
  return (await it.deployment()).spec.replicas;
}

async function statusOf(it: VirtualCluster): Promise<Autoscaler> {
  return await it.client.get(AUTOSCALERS, { namespace: "default", name: "web" });
}

describe("a HorizontalPodAutoscaler", () => {
  it("grows its target until pods use what they should", async () => {
    load = 100;
    const it = await autoscaled(2);
    expect(await sizeOf(it)).toBe(2);
    load = 280;
    await it.advance(120);
    expect(await sizeOf(it)).toBe(6);
    const autoscaler = await statusOf(it);
    expect(conditionOf(autoscaler, "ScalingActive")).toMatchObject({
      status: "True",
      reason: "ValidMetricFound",
    });
    expect(autoscaler.status).toMatchObject({ currentReplicas: 6, desiredReplicas: 6 });
  });

  it("never leaves its bounds", async () => {
    load = 5_000;
    const it = await autoscaled(2);
    await it.advance(120);
    expect(await sizeOf(it)).toBe(10);
    expect(conditionOf(await statusOf(it), "ScalingLimited")).toMatchObject({ reason: "TooManyReplicas" });
    load = 0;
    await it.advance(900);
    expect(await sizeOf(it)).toBe(2);
  });

  it("shrinks only when less was enough for five minutes", async () => {
    load = 400;
    const it = await autoscaled(8);
    expect(await sizeOf(it)).toBe(8);
    load = 100;
    await it.advance(240);
    expect(await sizeOf(it)).toBe(8);
    expect(conditionOf(await statusOf(it), "AbleToScale")?.reason).toBe("ScaleDownStabilized");
    await it.advance(120);
    expect(await sizeOf(it)).toBe(2);
  });

  it("grows no faster than its policies allow", async () => {
    load = 100;
    const behavior = { scaleUp: { policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] } };
    const it = await autoscaled(2, { behavior });
    load = 1_000;
    await it.advance(60);
    expect(await sizeOf(it)).toBe(3);
    await it.advance(60);
    expect(await sizeOf(it)).toBe(4);
  });

  it("leaves a target at 0 replicas alone, and takes it up again when somebody scales it", async () => {
    load = 400;
    const it = await autoscaled(4);
    await it.patchSpec("web", { replicas: 0 });
    await it.advance(120);
    expect(await sizeOf(it)).toBe(0);
    expect(conditionOf(await statusOf(it), "ScalingActive")).toMatchObject({
      status: "False",
      reason: "ScalingDisabled",
    });
    await it.patchSpec("web", { replicas: 1 });
    await it.advance(120);
    expect(await sizeOf(it)).toBeGreaterThan(2);
  });

  it("says why it cannot work: no target, no metrics", async () => {
    load = 100;
    const it = await autoscaled(2, {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "other" },
    });
    expect(conditionOf(await statusOf(it), "AbleToScale")).toMatchObject({
      status: "False",
      reason: "FailedGetScale",
    });
  });
});
