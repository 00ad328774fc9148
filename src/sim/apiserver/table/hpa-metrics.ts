import { asList, asObject, asText, type JsonObject } from "../json-object.ts";
import { NONE, specOf, statusOf } from "./columns.ts";

const SHOWN = 2;
const UNKNOWN = "<unknown>";

/** `cpu: 20%/80%, memory: <unknown>/1Gi + 1 more...`: current and wanted values of an autoscaler's metrics. */
export function metricsText(autoscaler: JsonObject): string {
  const metrics = asList(specOf(autoscaler)["metrics"]).map(asObject);
  const current = asList(statusOf(autoscaler)["currentMetrics"]).map(asObject);
  // autoscaling/v1 knows the utilization of CPU alone.
  const percent = specOf(autoscaler)["targetCPUUtilizationPercentage"];
  if (metrics.length === 0 && percent !== undefined) {
    const now = statusOf(autoscaler)["currentCPUUtilizationPercentage"];
    return `cpu: ${now === undefined ? UNKNOWN : `${now}%`}/${percent}%`;
  }
  if (metrics.length === 0) return NONE;
  const texts = metrics.slice(0, SHOWN).map((metric, index) => metricText(metric, current[index] ?? {}));
  const more = metrics.length - SHOWN;
  return `${texts.join(", ")}${more > 0 ? ` + ${more} more...` : ""}`;
}

function metricText(metric: JsonObject, current: JsonObject): string {
  const source = SOURCES[String(metric["type"])];
  if (source === undefined) return "<unknown type>";
  const wanted = asObject(metric[source]);
  const now = asObject(asObject(current[source])["current"]);
  const target = asObject(wanted["target"]);
  if (source === "resource" || source === "containerResource") {
    const utilization = target["averageUtilization"];
    return utilization === undefined
      ? `${wanted["name"]}: ${asText(now["averageValue"]) ?? UNKNOWN}/${target["averageValue"]}`
      : `${wanted["name"]}: ${percentText(now["averageUtilization"])}/${percentText(utilization)}`;
  }
  const isAverage = target["averageValue"] !== undefined;
  const member = isAverage ? "averageValue" : "value";
  const suffix = isAverage && source !== "pods" ? " (avg)" : "";
  return `${asText(now[member]) ?? UNKNOWN}/${target[member]}${suffix}`;
}

const SOURCES: Readonly<Record<string, string>> = {
  Resource: "resource",
  ContainerResource: "containerResource",
  Pods: "pods",
  Object: "object",
  External: "external",
};

function percentText(value: unknown): string {
  return value === undefined ? UNKNOWN : `${value}%`;
}
