import type { LabelSelector } from "../../kube/kind/workload.ts";
import { matchesLabels, requirementsOf } from "../../kube/label-selector.ts";
import type { AnyObject } from "../../kube/object.ts";
import type { ApiResponse } from "../../kube/transport.ts";
import type { Backend } from "./backend.ts";
import { DecodeReport } from "./decode-report.ts";
import { asList, asObject, type JsonObject } from "./json-object.ts";
import { StatusFailure } from "./status.ts";
import { readObjectBody } from "./verbs/body.ts";
import { type Call, jsonResponse } from "./verbs/call.ts";
import { deleteOptionsOf } from "./verbs/request-options.ts";
import { findObject } from "./verbs/verb-read.ts";
import { deleteObject } from "./verbs/write-delete.ts";

/** POST of `pods/NAME/eviction`, as `kubectl drain` asks: a deletion that disruption budgets may refuse. */
export function evictPod(backend: Backend, call: Call): ApiResponse {
  const { value } = readObjectBody(call.request, "Eviction", true, new DecodeReport());
  const options = deleteOptionsOf(asObject(value["deleteOptions"]), new URLSearchParams());
  const pod = findObject(backend, call);
  // Pods that do not serve anyway, and those that are going, cost nobody anything.
  if (isReady(pod) && pod.metadata.deletionTimestamp === undefined) checkBudgets(backend, call, pod);
  deleteObject(backend, call, pod, options);
  return jsonResponse(call, 201, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    code: 201,
  });
}

function checkBudgets(backend: Backend, call: Call, pod: AnyObject): void {
  const { namespace = "" } = pod.metadata;
  const pods = backend.store.collection(call.definition.storage).list(namespace);
  for (const budget of backend.store.collection("poddisruptionbudgets.policy").list(namespace)) {
    const requirements = requirementsOf(asObject(asObject(budget["spec"])["selector"]) as LabelSelector);
    if (!matchesLabels(requirements, pod.metadata.labels)) continue;
    const covered = pods.filter((it) => matchesLabels(requirements, it.metadata.labels));
    const healthy = covered.filter((it) => isReady(it) && it.metadata.deletionTimestamp === undefined).length;
    const needed = healthyNeeded(asObject(budget["spec"]), covered.length);
    if (healthy - 1 < needed) throw refusal(budget.metadata.name, needed, healthy);
  }
}

/** The server's own budgets count what the pods' controllers want; here it is what is there. */
function healthyNeeded(spec: JsonObject, pods: number): number {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable !== undefined) return pods - countOf(maxUnavailable, pods);
  return minAvailable === undefined ? pods - 1 : countOf(minAvailable, pods);
}

/** A number, or a percentage rounded up. */
function countOf(value: unknown, total: number): number {
  if (typeof value === "number") return value;
  return Math.ceil((Number.parseInt(String(value), 10) * total) / 100);
}

function refusal(budget: string, needed: number, healthy: number): StatusFailure {
  return new StatusFailure({
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    reason: "TooManyRequests",
    details: {
      causes: [
        {
          reason: "DisruptionBudget",
          message: `The disruption budget ${budget} needs ${needed} healthy pods and has ${healthy} currently`,
        },
      ],
    },
    code: 429,
  });
}

function isReady(pod: AnyObject): boolean {
  return asList(asObject(pod["status"])["conditions"]).some((condition) => {
    const { type, status } = asObject(condition);
    return type === "Ready" && status === "True";
  });
}
