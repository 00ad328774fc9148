import { describe, expect, it } from "vitest";
import { aReplicaSet, aTarget, aTemplate } from "../../../test/support/rollout-objects.ts";
import { currentReplicaSet, replicaSetOf, templateServedBefore } from "./revisions.ts";

describe("currentReplicaSet", () => {
  it("is the one with the Deployment's template, not the newest", () => {
    const target = aTarget();
    const old = aReplicaSet("old", { owner: target, createdAt: "2026-01-05T09:00:00Z" });
    const newer = aReplicaSet("new", {
      owner: target,
      template: aTemplate("shop/checkout:v2"),
      createdAt: "2026-01-05T10:00:00Z",
    });
    expect(currentReplicaSet(target, [newer, old])).toBe(old);
  });

  it("is the oldest of several, as the Deployment controller chooses", () => {
    const target = aTarget();
    const first = aReplicaSet("b", { owner: target, createdAt: "2026-01-05T09:00:00Z" });
    const second = aReplicaSet("a", { owner: target, createdAt: "2026-01-05T09:00:01Z" });
    expect(currentReplicaSet(target, [second, first])).toBe(first);
  });

  it("is none while the controller has not made it", () => {
    const target = aTarget({ template: aTemplate("shop/checkout:v2") });
    expect(currentReplicaSet(target, [aReplicaSet("old", { template: aTemplate() })])).toBeUndefined();
  });
});

describe("replicaSetOf", () => {
  it("goes by the hash label", () => {
    const sets = [aReplicaSet("7d9f"), aReplicaSet("8a1c", { template: aTemplate("shop/checkout:v2") })];
    expect(replicaSetOf("8a1c", sets)).toBe(sets[1]);
    expect(replicaSetOf("gone", sets)).toBeUndefined();
  });
});

describe("templateServedBefore", () => {
  it("is what the primary's ReplicaSet of that revision has, hand edits under the same revision apart", () => {
    const served = aReplicaSet("p1", { annotations: { "sluice.dev/revision": "7d9f" } });
    const edited = aReplicaSet("p2", {
      annotations: { "sluice.dev/revision": "7d9f" },
      template: aTemplate("shop/checkout:by-hand"),
      createdAt: "2026-01-05T10:00:00Z",
    });
    const later = aReplicaSet("p3", { annotations: { "sluice.dev/revision": "8a1c" } });
    expect(templateServedBefore("7d9f", [later, edited, served])).toBe(served.spec.template);
    expect(templateServedBefore("gone", [later, edited, served])).toBeUndefined();
  });
});
