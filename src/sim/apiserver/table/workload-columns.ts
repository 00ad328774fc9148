import { asList, asObject, asText, type JsonObject } from "../json-object.ts";
import {
  AGE,
  type Column,
  type ColumnSet,
  column,
  docOf,
  integerColumn,
  metadataOf,
  NAME,
  NONE,
  specOf,
  statusOf,
  wideColumn,
} from "./columns.ts";
import { metricsText } from "./hpa-metrics.ts";
import { conditionOf, summarizePod } from "./pod-status.ts";
import { labelsText, selectorText } from "./selector-text.ts";

/** An integer of the status; 0 when it is not there. */
function statusCount(name: string): Column["cell"] {
  return (object) => statusOf(object)[name] ?? 0;
}

function ofTemplate(member: "name" | "image"): Column["cell"] {
  return (object) =>
    asList(asObject(asObject(specOf(object)["template"])["spec"])["containers"])
      .map((container) => asObject(container)[member])
      .join(",");
}

const selectorCell: Column["cell"] = (object) => selectorText(specOf(object)["selector"]);
const readyOfDesired: Column["cell"] = (object) =>
  `${statusOf(object)["readyReplicas"] ?? 0}/${specOf(object)["replicas"] ?? 0}`;

const CONTAINERS = wideColumn("Containers", "Names of each container in the template.", ofTemplate("name"));
const IMAGES = wideColumn(
  "Images",
  "Images referenced by each container in the template.",
  ofTemplate("image"),
);
const READY = column("Ready", "Number of the pod with ready state", readyOfDesired);

const POD: ColumnSet = [
  NAME,
  column(
    "Ready",
    "The aggregate readiness state of this pod for accepting traffic.",
    (pod, nowMs) => summarizePod(pod, nowMs).ready,
  ),
  column(
    "Status",
    "The aggregate status of the containers in this pod.",
    (pod, nowMs) => summarizePod(pod, nowMs).status,
  ),
  column(
    "Restarts",
    "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
    (pod, nowMs) => summarizePod(pod, nowMs).restarts,
  ),
  AGE,
  wideColumn("IP", docOf("core.v1.PodStatus", "podIP"), podAddress),
  wideColumn("Node", docOf("core.v1.PodSpec", "nodeName"), (pod) => specOf(pod)["nodeName"] ?? NONE),
  wideColumn(
    "Nominated Node",
    docOf("core.v1.PodStatus", "nominatedNodeName"),
    (pod) => statusOf(pod)["nominatedNodeName"] ?? NONE,
  ),
  wideColumn("Readiness Gates", docOf("core.v1.PodSpec", "readinessGates"), readinessGates),
];

function podAddress(pod: JsonObject): string {
  const status = statusOf(pod);
  return asText(asObject(asList(status["podIPs"])[0])["ip"]) ?? asText(status["podIP"]) ?? NONE;
}

function readinessGates(pod: JsonObject): string {
  const gates = asList(specOf(pod)["readinessGates"]).map((gate) => String(asObject(gate)["conditionType"]));
  if (gates.length === 0) return NONE;
  const passed = gates.filter((type) => conditionOf(statusOf(pod), type)?.["status"] === "True");
  return `${passed.length}/${gates.length}`;
}

const DEPLOYMENT: ColumnSet = [
  NAME,
  READY,
  column("Up-to-date", docOf("apps.v1.DeploymentStatus", "updatedReplicas"), statusCount("updatedReplicas")),
  column(
    "Available",
    docOf("apps.v1.DeploymentStatus", "availableReplicas"),
    statusCount("availableReplicas"),
  ),
  AGE,
  CONTAINERS,
  IMAGES,
  wideColumn("Selector", docOf("apps.v1.DeploymentSpec", "selector"), selectorCell),
];

const REPLICA_SET: ColumnSet = [
  NAME,
  integerColumn(
    "Desired",
    docOf("apps.v1.ReplicaSetSpec", "replicas"),
    (object) => specOf(object)["replicas"] ?? 0,
  ),
  integerColumn("Current", docOf("apps.v1.ReplicaSetStatus", "replicas"), statusCount("replicas")),
  integerColumn("Ready", docOf("apps.v1.ReplicaSetStatus", "readyReplicas"), statusCount("readyReplicas")),
  AGE,
  CONTAINERS,
  IMAGES,
  wideColumn("Selector", docOf("apps.v1.ReplicaSetSpec", "selector"), selectorCell),
];

const DAEMON_SET: ColumnSet = [
  NAME,
  integerColumn(
    "Desired",
    docOf("apps.v1.DaemonSetStatus", "desiredNumberScheduled"),
    statusCount("desiredNumberScheduled"),
  ),
  integerColumn(
    "Current",
    docOf("apps.v1.DaemonSetStatus", "currentNumberScheduled"),
    statusCount("currentNumberScheduled"),
  ),
  integerColumn("Ready", docOf("apps.v1.DaemonSetStatus", "numberReady"), statusCount("numberReady")),
  integerColumn(
    "Up-to-date",
    docOf("apps.v1.DaemonSetStatus", "updatedNumberScheduled"),
    statusCount("updatedNumberScheduled"),
  ),
  integerColumn(
    "Available",
    docOf("apps.v1.DaemonSetStatus", "numberAvailable"),
    statusCount("numberAvailable"),
  ),
  column("Node Selector", docOf("core.v1.PodSpec", "nodeSelector"), (object) =>
    labelsText(asObject(asObject(specOf(object)["template"])["spec"])["nodeSelector"]),
  ),
  AGE,
  CONTAINERS,
  IMAGES,
  wideColumn("Selector", docOf("apps.v1.DaemonSetSpec", "selector"), selectorCell),
];

const STATEFUL_SET: ColumnSet = [NAME, READY, AGE, CONTAINERS, IMAGES];

const CONTROLLER_REVISION: ColumnSet = [
  NAME,
  column("Controller", "Controller of the object", controllerOf),
  column("Revision", docOf("apps.v1.ControllerRevision", "revision"), (object) => object["revision"] ?? 0),
  AGE,
];

function controllerOf(object: JsonObject): string {
  const owners = asList(metadataOf(object)["ownerReferences"]).map(asObject);
  const owner = owners.find((each) => each["controller"] === true);
  if (owner === undefined) return NONE;
  const group = String(owner["apiVersion"]).split("/").slice(0, -1)[0];
  const kind = String(owner["kind"]).toLowerCase();
  return `${group === undefined ? kind : `${kind}.${group}`}/${owner["name"]}`;
}

const AUTOSCALER_SPEC = "autoscaling.v2.HorizontalPodAutoscalerSpec";

const AUTOSCALER: ColumnSet = [
  NAME,
  column("Reference", docOf(AUTOSCALER_SPEC, "scaleTargetRef"), (object) => {
    const { kind, name } = asObject(specOf(object)["scaleTargetRef"]);
    return `${kind}/${name}`;
  }),
  column("Targets", docOf(AUTOSCALER_SPEC, "metrics"), metricsText),
  column("MinPods", docOf(AUTOSCALER_SPEC, "minReplicas"), (object) =>
    String(specOf(object)["minReplicas"] ?? "<unset>"),
  ),
  column("MaxPods", docOf(AUTOSCALER_SPEC, "maxReplicas"), (object) => specOf(object)["maxReplicas"] ?? 0),
  column(
    "Replicas",
    docOf("autoscaling.v2.HorizontalPodAutoscalerStatus", "currentReplicas"),
    statusCount("currentReplicas"),
  ),
  AGE,
];

const DISRUPTION_BUDGET: ColumnSet = [
  NAME,
  column("Min Available", "The minimum number of pods that must be available.", (object) =>
    String(specOf(object)["minAvailable"] ?? "N/A"),
  ),
  column("Max Unavailable", "The maximum number of pods that may be unavailable.", (object) =>
    String(specOf(object)["maxUnavailable"] ?? "N/A"),
  ),
  integerColumn(
    "Allowed Disruptions",
    "Calculated number of pods that may be disrupted at this time.",
    statusCount("disruptionsAllowed"),
  ),
  AGE,
];

/** By `GROUP/KIND`. */
export const WORKLOAD_COLUMNS: Readonly<Record<string, ColumnSet>> = {
  "/Pod": POD,
  "apps/ControllerRevision": CONTROLLER_REVISION,
  "apps/DaemonSet": DAEMON_SET,
  "apps/Deployment": DEPLOYMENT,
  "apps/ReplicaSet": REPLICA_SET,
  "apps/StatefulSet": STATEFUL_SET,
  "autoscaling/HorizontalPodAutoscaler": AUTOSCALER,
  "policy/PodDisruptionBudget": DISRUPTION_BUDGET,
};
