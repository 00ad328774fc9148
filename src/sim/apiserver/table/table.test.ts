import { describe, expect, it } from "vitest";
import { BUILTIN_RESOURCES } from "../builtin-resources.ts";
import { asList, asObject, type JsonObject } from "../json-object.ts";
import { columnsOf, tableOf } from "./table.ts";

const NOW = Date.parse("2026-01-01T01:00:00Z");
const CREATED = "2026-01-01T00:58:30Z";

function cells(kind: string, object: JsonObject): readonly unknown[] {
  const definition = BUILTIN_RESOURCES.find((each) => each.kind === kind);
  if (definition === undefined) throw new Error(`no kind ${kind}`);
  const named = {
    ...object,
    metadata: { name: "x", creationTimestamp: CREATED, ...asObject(object["metadata"]) },
  };
  const options = { version: "v1", includeObject: "None", nowMs: NOW, withHeaders: true } as const;
  const table = tableOf(named, columnsOf(definition, kind), options);
  return asList(asObject(asList(table["rows"])[0])["cells"]);
}

describe("cells of built-in kinds", () => {
  it.each<[string, JsonObject, readonly unknown[]]>([
    [
      "Service",
      {
        spec: {
          type: "LoadBalancer",
          clusterIPs: ["10.0.0.1"],
          ports: [
            { port: 80, nodePort: 30080, protocol: "TCP" },
            { port: 53, protocol: "UDP" },
          ],
          selector: { b: "2", a: "1" },
        },
        status: {},
      },
      ["x", "LoadBalancer", "10.0.0.1", "<pending>", "80:30080/TCP,53/UDP", "90s", "a=1,b=2"],
    ],
    [
      "Service",
      { spec: { type: "ExternalName", externalName: "db.example.com" } },
      ["x", "ExternalName", "<none>", "db.example.com", "<none>", "90s", "<none>"],
    ],
    [
      "EndpointSlice",
      {
        addressType: "IPv4",
        ports: [{ port: 80 }, { name: "named" }],
        endpoints: [1, 2, 3, 4, 5].map((n) => ({ addresses: [`10.0.0.${n}`] })),
      },
      ["x", "IPv4", "80,named", "10.0.0.1,10.0.0.2,10.0.0.3 + 2 more...", "90s"],
    ],
    ["EndpointSlice", { addressType: "IPv4" }, ["x", "IPv4", "<unset>", "<unset>", "90s"]],
    [
      "Endpoints",
      { subsets: [{ addresses: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }], ports: [{ port: 80 }] }] },
      ["x", "10.0.0.1:80,[fd00::1]:80", "90s"],
    ],
    [
      "DaemonSet",
      {
        spec: {
          selector: {
            matchExpressions: [{ key: "tier", operator: "In", values: ["b", "a"] }],
            matchLabels: { app: "x" },
          },
          template: { spec: { nodeSelector: { disk: "ssd" }, containers: [{ name: "c", image: "i" }] } },
        },
        status: { desiredNumberScheduled: 3, currentNumberScheduled: 2, numberReady: 1 },
      },
      ["x", 3, 2, 1, 0, 0, "disk=ssd", "90s", "c", "i", "app=x,tier in (a,b)"],
    ],
    [
      "HorizontalPodAutoscaler",
      {
        spec: {
          scaleTargetRef: { kind: "Deployment", name: "web" },
          minReplicas: 2,
          maxReplicas: 5,
          metrics: [
            { type: "Resource", resource: { name: "cpu", target: { averageUtilization: 80 } } },
            { type: "Pods", pods: { metric: { name: "rps" }, target: { averageValue: "100" } } },
            { type: "External", external: { metric: { name: "q" }, target: { value: "30" } } },
          ],
        },
        status: {
          currentReplicas: 3,
          currentMetrics: [
            { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 40 } } },
          ],
        },
      },
      ["x", "Deployment/web", "cpu: 40%/80%, <unknown>/100 + 1 more...", "2", 5, 3, "90s"],
    ],
    [
      "Node",
      {
        metadata: { labels: { "node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/edge": "" } },
        spec: { unschedulable: true },
        status: {
          conditions: [{ type: "Ready", status: "True" }],
          nodeInfo: { kubeletVersion: "v1.36.2" },
          addresses: [{ type: "InternalIP", address: "10.1.0.1" }],
        },
      },
      [
        "x",
        "Ready,SchedulingDisabled",
        "edge,worker",
        "90s",
        "v1.36.2",
        "10.1.0.1",
        "<none>",
        "<unknown>",
        "<unknown>",
        "<unknown>",
      ],
    ],
    [
      "RoleBinding",
      {
        roleRef: { kind: "Role", name: "r" },
        subjects: [
          { kind: "User", name: "jane" },
          { kind: "ServiceAccount", name: "bot", namespace: "shop" },
          { kind: "User", name: "joe" },
        ],
      },
      ["x", "Role/r", "90s", "jane, joe", "", "shop/bot"],
    ],
    ["ClusterRole", {}, ["x", CREATED]],
    [
      "PodDisruptionBudget",
      { spec: { minAvailable: "50%" }, status: { disruptionsAllowed: 1 } },
      ["x", "50%", "N/A", 1, "90s"],
    ],
    ["Ingress", { spec: { rules: [{}], tls: [{}] } }, ["x", "<none>", "*", "", "80, 443", "90s"]],
  ])("of a %s", (kind, object, expected) => {
    expect(cells(kind, object)).toEqual(expected);
  });
});

it("every column of every kind has a description", () => {
  const silent = BUILTIN_RESOURCES.flatMap((definition) =>
    columnsOf(definition, definition.kind)
      .filter((column) => column.description === "")
      .map((column) => `${definition.kind}.${column.name}`),
  );
  expect(silent).toEqual([]);
});

it("no object is too poor to be shown", () => {
  for (const definition of BUILTIN_RESOURCES) {
    const columns = columnsOf(definition, definition.kind);
    const options = { version: "v1", includeObject: "Object", nowMs: NOW, withHeaders: false } as const;
    const table = tableOf({ kind: `${definition.kind}List`, items: [{}] }, columns, options);
    expect(asObject(asList(table["rows"])[0])["cells"]).toHaveLength(columns.length);
  }
});
