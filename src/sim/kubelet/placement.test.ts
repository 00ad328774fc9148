import { describe, expect, it } from "vitest";
import { aPod } from "../../../test/support/workload-objects.ts";
import type { Node } from "../kinds.ts";
import { place } from "./placement.ts";

function aNode(name: string, spec: Node["spec"] = {}, labels: Readonly<Record<string, string>> = {}): Node {
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels }, spec };
}

const none = () => 0;

describe("place", () => {
  it("takes the node with the fewest pods, the first by name among equals", () => {
    const pods: Readonly<Record<string, number>> = { a: 2, b: 1, c: 1 };
    expect(place(aPod("p"), [aNode("c"), aNode("a"), aNode("b")], (name) => pods[name] ?? 0)).toEqual({
      node: "b",
    });
  });

  it("says for how many nodes which reason holds", () => {
    const nodes = [
      aNode("a", { unschedulable: true }),
      aNode("b", { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] }),
      aNode("c", { unschedulable: true }),
    ];
    expect(place(aPod("p"), nodes, none)).toEqual({
      node: null,
      message:
        "0/3 nodes are available: 1 node(s) had untolerated taint {gpu: yes}, 2 node(s) were unschedulable.",
    });
    expect(place(aPod("p"), [], none)).toEqual({
      node: null,
      message: "no nodes available to schedule pods",
    });
  });

  it("heeds node selectors and tolerations", () => {
    const nodes = [
      aNode("plain"),
      aNode("gpu", { taints: [{ key: "gpu", effect: "NoSchedule" }] }, { kind: "gpu" }),
    ];
    const spec = { containers: [{ name: "main", image: "x" }], nodeSelector: { kind: "gpu" } };
    expect(place(aPod("p", { spec }), nodes, none).node).toBeNull();
    const tolerations = [{ key: "gpu", operator: "Exists" as const }];
    expect(place(aPod("p", { spec: { ...spec, tolerations } }), nodes, none)).toEqual({ node: "gpu" });
  });
});
