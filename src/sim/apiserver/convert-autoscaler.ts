import type { AnyObject } from "../../kube/object.ts";
import { asList, asObject, type Draft, type JsonObject } from "./json-object.ts";

const CPU_TARGET = "targetCPUUtilizationPercentage";

/** autoscaling/v1 knows one metric, the CPU utilization; v2 has a list of them. */
export function scalerToV2(draft: Draft): Draft {
  const { [CPU_TARGET]: target, ...spec } = asObject(draft["spec"]);
  const { currentCPUUtilizationPercentage: current, ...status } = asObject(draft["status"]);
  return {
    ...draft,
    spec: {
      ...spec,
      ...(typeof target === "number"
        ? { metrics: [cpuMetric("target", { type: "Utilization", averageUtilization: target })] }
        : {}),
    },
    status: {
      currentMetrics: null,
      desiredReplicas: 0,
      ...status,
      ...(typeof current === "number"
        ? { currentMetrics: [cpuMetric("current", { averageUtilization: current })] }
        : {}),
    },
  };
}

export function scalerFromV2(object: AnyObject): Draft {
  const { metrics, behavior: _behavior, ...spec } = asObject(object["spec"]);
  const { currentMetrics, conditions: _conditions, ...status } = asObject(object["status"]);
  const target = cpuNumber(metrics, "target");
  const current = cpuNumber(currentMetrics, "current");
  return {
    ...object,
    spec: { ...spec, ...(target === undefined ? {} : { [CPU_TARGET]: target }) },
    status: {
      currentReplicas: 0,
      ...status,
      ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
    },
  };
}

function cpuMetric(member: "target" | "current", value: JsonObject): JsonObject {
  return { type: "Resource", resource: { name: "cpu", [member]: value } };
}

function cpuNumber(metrics: unknown, member: "target" | "current"): number | undefined {
  for (const metric of asList(metrics)) {
    const resource = asObject(asObject(metric)["resource"]);
    const value = asObject(resource[member])["averageUtilization"];
    if (resource["name"] === "cpu" && typeof value === "number") return value;
  }
  return undefined;
}
