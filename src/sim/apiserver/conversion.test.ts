import { describe, expect, it } from "vitest";
import { ApiCalls } from "../../../test/support/api-calls.ts";

const target = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };

describe("two versions of one resource", () => {
  it("an autoscaler reads in v1 as what was written in v2, and the other way round", async () => {
    const api = new ApiCalls();
    const path = (version: string) =>
      `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
    await api.post(path("v1"), {
      metadata: { name: "old" },
      spec: { scaleTargetRef: target, maxReplicas: 3, targetCPUUtilizationPercentage: 50 },
    });
    expect((await api.get(`${path("v2")}/old`)).body).toMatchObject({
      apiVersion: "autoscaling/v2",
      spec: {
        metrics: [{ type: "Resource", resource: { name: "cpu", target: { averageUtilization: 50 } } }],
      },
    });
    await api.patch(`${path("v2")}/old`, { spec: { minReplicas: 2 } });
    expect((await api.get(`${path("v1")}/old`)).body).toMatchObject({
      apiVersion: "autoscaling/v1",
      spec: { minReplicas: 2, targetCPUUtilizationPercentage: 50 },
    });
  });

  it("an Event is selected by the names of the version that is asked", async () => {
    const api = new ApiCalls();
    const core = "/api/v1/namespaces/default/events";
    const modern = "/apis/events.k8s.io/v1/namespaces/default/events";
    const involvedObject = { kind: "Rollout", name: "web", namespace: "default" };
    await api.post(core, {
      metadata: { name: "e" },
      involvedObject,
      message: "hello",
      reason: "R",
      type: "Normal",
    });
    expect((await api.get(`${modern}?fieldSelector=regarding.name%3Dweb`)).body["items"]).toMatchObject([
      { note: "hello", regarding: { name: "web" } },
    ]);
    expect((await api.get(`${modern}?fieldSelector=involvedObject.name%3Dweb`)).status).toBe(400);
    expect((await api.get(`${core}?fieldSelector=involvedObject.name%3Dother`)).body["items"]).toEqual([]);
  });
});
