import { asList, asObject, asText, type JsonObject } from "../json-object.ts";
import {
  AGE,
  type Column,
  type ColumnSet,
  column,
  docOf,
  metadataOf,
  NAME,
  NONE,
  specOf,
  statusOf,
  wideColumn,
} from "./columns.ts";
import { timeSince } from "./human-duration.ts";
import { conditionOf } from "./pod-status.ts";

function memberCount(...members: readonly string[]): Column["cell"] {
  return (object) => members.reduce((sum, member) => sum + Object.keys(asObject(object[member])).length, 0);
}

const NODE_INFO = "core.v1.NodeSystemInfo";

const NODE: ColumnSet = [
  NAME,
  column("Status", "The status of the node", nodeStatus),
  column("Roles", "The roles of the node", nodeRoles),
  AGE,
  column("Version", docOf(NODE_INFO, "kubeletVersion"), nodeInfo("kubeletVersion", "")),
  wideColumn("Internal-IP", docOf("core.v1.NodeStatus", "addresses"), nodeAddress("InternalIP")),
  wideColumn("External-IP", docOf("core.v1.NodeStatus", "addresses"), nodeAddress("ExternalIP")),
  wideColumn("OS-Image", docOf(NODE_INFO, "osImage"), nodeInfo("osImage", "<unknown>")),
  wideColumn("Kernel-Version", docOf(NODE_INFO, "kernelVersion"), nodeInfo("kernelVersion", "<unknown>")),
  wideColumn(
    "Container-Runtime",
    docOf(NODE_INFO, "containerRuntimeVersion"),
    nodeInfo("containerRuntimeVersion", "<unknown>"),
  ),
];

function nodeStatus(node: JsonObject): string {
  const ready = conditionOf(statusOf(node), "Ready");
  const known = ready?.["status"] === "True" ? "Ready" : "NotReady";
  const state = ready === undefined ? "Unknown" : known;
  return specOf(node)["unschedulable"] === true ? `${state},SchedulingDisabled` : state;
}

const ROLE_PREFIX = "node-role.kubernetes.io/";

function nodeRoles(node: JsonObject): string {
  const labels = asObject(metadataOf(node)["labels"]);
  const roles = Object.keys(labels)
    .filter((label) => label.startsWith(ROLE_PREFIX))
    .map((label) => label.slice(ROLE_PREFIX.length));
  const plain = asText(labels["kubernetes.io/role"]);
  const all = new Set([...roles, ...(plain === undefined ? [] : [plain])].filter((role) => role !== ""));
  return all.size === 0 ? NONE : [...all].sort().join(",");
}

function nodeInfo(member: string, otherwise: string): Column["cell"] {
  return (node) => asText(asObject(statusOf(node)["nodeInfo"])[member]) ?? otherwise;
}

function nodeAddress(type: string): Column["cell"] {
  return (node) => {
    const addresses = asList(statusOf(node)["addresses"]).map(asObject);
    return addresses.find((address) => address["type"] === type)?.["address"] ?? NONE;
  };
}

const EVENT: ColumnSet = [
  column("Last Seen", docOf("core.v1.Event", "lastTimestamp"), lastSeen),
  column("Type", docOf("core.v1.Event", "type"), (event) => event["type"] ?? ""),
  column("Reason", docOf("core.v1.Event", "reason"), (event) => event["reason"] ?? ""),
  column("Object", docOf("core.v1.Event", "involvedObject"), (event) => {
    const { kind, name } = subjectOf(event);
    return [String(kind ?? "").toLowerCase(), name].filter(Boolean).join("/");
  }),
  wideColumn(
    "Subobject",
    docOf("core.v1.ObjectReference", "fieldPath"),
    (event) => subjectOf(event)["fieldPath"] ?? "",
  ),
  wideColumn("Source", docOf("core.v1.Event", "source"), eventSource),
  column("Message", docOf("core.v1.Event", "message"), (event) =>
    String(event["message"] ?? event["note"] ?? "").trim(),
  ),
  wideColumn("First Seen", docOf("core.v1.Event", "firstTimestamp"), firstSeen),
  wideColumn("Count", docOf("core.v1.Event", "count"), (event) => {
    const series = asObject(event["series"])["count"];
    return series ?? event["count"] ?? event["deprecatedCount"] ?? 1;
  }),
  { ...NAME, priority: 1 },
];

/** The names on the left are those of core/v1, on the right of events.k8s.io/v1. */
function subjectOf(event: JsonObject): JsonObject {
  return asObject(event["involvedObject"] ?? event["regarding"]);
}

function firstSeen(event: JsonObject, nowMs: number): string {
  return timeSince(event["firstTimestamp"] ?? event["deprecatedFirstTimestamp"] ?? event["eventTime"], nowMs);
}

function lastSeen(event: JsonObject, nowMs: number): string {
  const observed = asObject(event["series"])["lastObservedTime"];
  const last = observed ?? event["lastTimestamp"] ?? event["deprecatedLastTimestamp"];
  return last === undefined || last === null ? firstSeen(event, nowMs) : timeSince(last, nowMs);
}

function eventSource(event: JsonObject): string {
  const { component, host } = asObject(event["source"] ?? event["deprecatedSource"]);
  const controller = event["reportingComponent"] ?? event["reportingController"];
  const parts = [component || controller, host || event["reportingInstance"]].map(
    (part) => asText(part) ?? "",
  );
  return parts[1] === "" ? String(parts[0]) : parts.join(", ");
}

function bindingColumns(kind: "roleBinding" | "clusterRoleBinding"): ColumnSet {
  const type = kind === "roleBinding" ? "rbac.v1.RoleBinding" : "rbac.v1.ClusterRoleBinding";
  return [
    NAME,
    column("Role", docOf(type, "roleRef"), (binding) => {
      const role = asObject(binding["roleRef"]);
      return `${role["kind"]}/${role["name"]}`;
    }),
    AGE,
    wideColumn("Users", `Users in the ${kind}`, subjects("User")),
    wideColumn("Groups", `Groups in the ${kind}`, subjects("Group")),
    wideColumn("ServiceAccounts", `ServiceAccounts in the ${kind}`, subjects("ServiceAccount")),
  ];
}

function subjects(kind: string): Column["cell"] {
  return (binding) =>
    asList(binding["subjects"])
      .map(asObject)
      .filter((subject) => subject["kind"] === kind)
      .map(({ name, namespace }) => (kind === "ServiceAccount" ? `${namespace}/${name}` : String(name)))
      .join(", ");
}

/** By `GROUP/KIND`. */
export const CLUSTER_COLUMNS: Readonly<Record<string, ColumnSet>> = {
  "/ConfigMap": [
    NAME,
    column("Data", docOf("core.v1.ConfigMap", "data"), memberCount("data", "binaryData")),
    AGE,
  ],
  "/Event": EVENT,
  "/Namespace": [
    NAME,
    column("Status", "The status of the namespace", (namespace) => statusOf(namespace)["phase"] ?? ""),
    AGE,
  ],
  "/Node": NODE,
  "/Secret": [
    NAME,
    column("Type", docOf("core.v1.Secret", "type"), (secret) => secret["type"] ?? ""),
    column("Data", docOf("core.v1.Secret", "data"), memberCount("data")),
    AGE,
  ],
  "/ServiceAccount": [NAME, AGE],
  "coordination.k8s.io/Lease": [
    NAME,
    column(
      "Holder",
      docOf("coordination.v1.LeaseSpec", "holderIdentity"),
      (lease) => specOf(lease)["holderIdentity"] ?? "",
    ),
    AGE,
  ],
  "events.k8s.io/Event": EVENT,
  "rbac.authorization.k8s.io/ClusterRoleBinding": bindingColumns("clusterRoleBinding"),
  "rbac.authorization.k8s.io/RoleBinding": bindingColumns("roleBinding"),
};
