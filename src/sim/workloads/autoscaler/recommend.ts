import type { Pod } from "../../kinds.ts";
import type { MetricSpec, MetricStatus } from "./hpa.ts";
import {
  amountOf,
  groupUsage,
  quantityText,
  type ResourceName,
  requestOf,
  type UsageGroups,
  type UsageSource,
} from "./pod-usage.ts";

/** What one metric says. */
export type Recommendation =
  | { readonly replicas: number; readonly status: MetricStatus; readonly name: string }
  | { readonly replicas: null; readonly reason: string; readonly message: string };

/** Ratios this near to 1 change nothing (--horizontal-pod-autoscaler-tolerance). */
const TOLERANCE = 0.1;

/** How many replicas a Resource metric asks for (podautoscaler/replica_calculator.go). */
export function recommend(
  metric: MetricSpec,
  pods: readonly Pod[],
  currentReplicas: number,
  source: UsageSource,
  now: number,
): Recommendation {
  const name = metric.resource?.name;
  if (metric.type !== "Resource" || metric.resource === undefined || (name !== "cpu" && name !== "memory")) {
    return failure("InvalidMetricSourceType", `the embedded cluster has no metrics of type ${metric.type}`);
  }
  const groups = groupUsage(pods, name, source, now);
  const { target } = metric.resource;
  if (groups.used.length === 0) {
    return failure(
      "FailedGetResourceMetric",
      `failed to get ${name} utilization: no metrics returned from resource metrics API`,
    );
  }
  if (target.averageUtilization === undefined) {
    const wanted = amountOf(target.averageValue ?? "0", name);
    const replicas = scaled(groups, currentReplicas, () => wanted, wanted);
    return { replicas, name: `${name} resource`, status: statusOf(name, groups, null) };
  }
  const requests = new Map(pods.map((pod) => [pod, requestOf(pod, name)]));
  const lacking = groups.used.find(({ pod }) => requests.get(pod) === null);
  if (lacking !== undefined) {
    return failure(
      "FailedGetResourceMetric",
      `failed to get ${name} utilization: missing request for ${name} in pod ${lacking.pod.metadata.name}`,
    );
  }
  const share = target.averageUtilization / 100;
  const requested = groups.used.reduce((sum, { pod }) => sum + (requests.get(pod) ?? 0), 0);
  const perPod = (pod: Pod) => (requests.get(pod) ?? 0) * share;
  const replicas = scaled(groups, currentReplicas, perPod, (requested / groups.used.length) * share);
  return {
    replicas,
    name: `${name} resource utilization (percentage of request)`,
    status: statusOf(name, groups, requested),
  };
}

function failure(reason: string, message: string): Recommendation {
  return { replicas: null, reason, message };
}

function statusOf(name: ResourceName, { used }: UsageGroups, requested: number | null): MetricStatus {
  const total = used.reduce((sum, { usage }) => sum + usage, 0);
  const utilization = requested === null ? {} : { averageUtilization: Math.trunc((total / requested) * 100) };
  return {
    type: "Resource",
    resource: {
      name,
      current: { ...utilization, averageValue: quantityText(total / used.length, name) },
    },
  };
}

/**
 * `wantedOf` is what a pod should use. Pods without metrics count as using all of it when the rest asks for less, and
 * none of it, like starting ones, when the rest asks for more: scaling is never overdone for lack of knowledge.
 */
function scaled(
  { used, unready, missing }: UsageGroups,
  currentReplicas: number,
  wantedOf: (pod: Pod) => number,
  wantedOnAverage: number,
): number {
  const usage = used.reduce((sum, it) => sum + it.usage, 0);
  const wanted = used.reduce((sum, { pod }) => sum + wantedOf(pod), 0);
  const ratio = wanted === 0 ? 1 : usage / wanted;
  const grows = ratio > 1;
  const silent = grows ? [...missing, ...unready] : missing;
  if (silent.length === 0) {
    return isNear(ratio) ? currentReplicas : Math.ceil(ratio * used.length);
  }
  const assumed = grows ? 0 : silent.length * wantedOnAverage;
  const count = used.length + silent.length;
  const corrected = (usage + assumed) / (wanted + silent.length * wantedOnAverage);
  const turns = (grows && corrected < 1) || (!grows && corrected > 1);
  if (isNear(corrected) || turns) return currentReplicas;
  const replicas = Math.ceil(corrected * count);
  return grows ? Math.max(replicas, currentReplicas) : Math.min(replicas, currentReplicas);
}

function isNear(ratio: number): boolean {
  return Math.abs(1 - ratio) <= TOLERANCE;
}
