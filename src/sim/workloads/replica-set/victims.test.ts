import { describe, expect, it } from "vitest";
import { aPod, readyStatus, START } from "../../../../test/support/workload-objects.ts";
import type { Pod } from "../../kinds.ts";
import { pickVictims } from "./victims.ts";

const onNode = (nodeName: string) => ({ containers: [{ name: "main", image: "web:1" }], nodeName });

function order(
  pods: readonly Pod[],
  relatedOnNode: ReadonlyMap<string, number> = new Map(),
): readonly string[] {
  const context = { now: START + 3_600_000, relatedOnNode };
  return pickVictims(pods, pods.length, context).map((pod) => pod.metadata.name);
}

describe("pickVictims", () => {
  it("takes pods without a node, then pending, then unready ones before those that serve", () => {
    const pods = [
      aPod("ready", { spec: onNode("n1"), status: readyStatus() }),
      aPod("unready", { spec: onNode("n1"), status: { phase: "Running" } }),
      aPod("pending", { spec: onNode("n1"), status: { phase: "Pending" } }),
      aPod("unbound"),
    ];
    expect(order(pods)).toEqual(["unbound", "pending", "unready", "ready"]);
  });

  it("takes the cheapest by deletion cost, then from the node with most siblings", () => {
    const ready = (name: string, node: string, cost?: string) =>
      aPod(name, {
        spec: onNode(node),
        status: readyStatus(),
        metadata: cost ? { annotations: { "controller.kubernetes.io/pod-deletion-cost": cost } } : {},
      });
    const pods = [
      ready("dear", "n1", "10"),
      ready("alone", "n2"),
      ready("crowded", "n1"),
      ready("cheap", "n2", "-1"),
    ];
    const related = new Map([
      ["n1", 3],
      ["n2", 1],
    ]);
    expect(order(pods, related)).toEqual(["cheap", "crowded", "alone", "dear"]);
  });

  it("takes the one that has been ready for less time", () => {
    const since = (name: string, at: string) => aPod(name, { spec: onNode("n1"), status: readyStatus(at) });
    expect(order([since("old", "2026-01-05T09:00:00Z"), since("new", "2026-01-05T09:58:00Z")])).toEqual([
      "new",
      "old",
    ]);
  });
});
