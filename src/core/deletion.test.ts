import { describe, expect, test } from "vitest";
import { targetAt } from "../../test/support/core-sides.ts";
import { aSpec, CoreWorld } from "../../test/support/core-world.ts";
import type { Action } from "./decision.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const SUBSETS = { destinationRule: { name: "app", primarySubset: "stable", canarySubset: "canary" } };

/** Deleted at rest; the drain is over by time, since nobody tells of requests. */
function adopted(istio: object = {}): CoreWorld {
  const world = new CoreWorld({ ...aSpec(), traffic: { istio } } as ReturnType<typeof aSpec>);
  world.advance(MINUTE);
  expect(world.status?.phase).toBe("Initialized");
  return world;
}

/** All traffic has moved to the primary; that its target has no pods any more would be noted next. */
function adopting(): CoreWorld {
  const world = new CoreWorld();
  for (let tries = 0; tries < 100 && world.status?.trafficMovedAt === undefined; tries++) world.advance(500);
  expect(world.status).toMatchObject({ phase: "Initializing", adopting: { revision: "v1" } });
  return world;
}

function actionsOf(world: CoreWorld, since = 0): readonly Action["kind"][] {
  return world.decisions
    .slice(since)
    .flatMap((decision) => [...decision.actions, ...decision.finally])
    .map(({ kind }) => kind);
}

describe("a Rollout that is deleted", () => {
  test("takes the routes away before the drain, and the primary after it", () => {
    const world = adopted();
    const before = world.decisions.length;
    world.deleting = true;
    world.settle();
    expect(world.traffic).toBeNull();
    expect(world.primary).not.toBeNull();
    world.advance(10 * MINUTE);
    expect(actionsOf(world, before)).toEqual([
      "scaleTarget",
      "pointApex",
      "removeRoutes",
      "removeServices",
      "deletePrimary",
      "removeFinalizer",
    ]);
  });

  test.each([
    ["when the target can take over", (world: CoreWorld) => world],
    ["when the target is gone", (world: CoreWorld) => Object.assign(world, { target: null })],
    ["when the primary is gone", (world: CoreWorld) => Object.assign(world, { primary: null })],
  ])("is not let go %s while a write may still come to pass", (_, change) => {
    const world = change(adopted());
    world.deleting = true;
    world.areWritesKnown = false;
    world.advance(10 * MINUTE);
    expect(actionsOf(world)).not.toContain("removeRoutes");
    expect(actionsOf(world)).not.toContain("removeFinalizer");
    world.areWritesKnown = true;
    world.advance(10 * MINUTE);
    expect(actionsOf(world).slice(-3)).toContain("removeFinalizer");
  });

  test("keeps its routes, where the sides are subsets of one host, until the primary's pods are gone", () => {
    const world = adopted(SUBSETS);
    const before = world.decisions.length;
    world.deleting = true;
    world.settle();
    expect(world.traffic).not.toBeNull();
    world.advance(10 * MINUTE);
    expect(actionsOf(world, before)).toEqual([
      "scaleTarget",
      "pointApex",
      "scalePrimary",
      "removeRoutes",
      "removeServices",
      "deletePrimary",
      "removeFinalizer",
    ]);
  });

  test("does not wait for ever for pods of the primary that never go", () => {
    const world = adopted(SUBSETS);
    world.deleting = true;
    for (let seconds = 0; seconds < 600 && world.finalizers.length > 0; seconds++) {
      world.advance(SECOND);
      if (world.primary !== null) world.primary = { ...world.primary, desiredReplicas: 0, readyReplicas: 1 };
    }
    expect(world.finalizers).toEqual([]);
    expect(world.traffic).toBeNull();
  });

  test("counts no pods of the target that are on their way out", () => {
    const world = adopted();
    const before = world.decisions.length;
    world.target = targetAt("v1", 0, 3);
    world.deleting = true;
    world.settle();
    expect(world.decisions[before]?.actions).toEqual([{ kind: "scaleTarget", replicas: 3 }]);
  });

  test("asks for more pods of the target only when those that it has are ready", () => {
    const world = adopted();
    world.starts = () => false;
    world.deleting = true;
    world.settle();
    expect(world.target).toMatchObject({ desiredReplicas: 3 });
    // An autoscaler thinks that two are enough.
    world.target = targetAt("v1", 2, 0);
    world.settle();
    expect(world.target).toMatchObject({ desiredReplicas: 2 });
    world.target = targetAt("v1", 2, 2);
    world.settle();
    expect(world.target).toMatchObject({ desiredReplicas: 3 });
  });

  test("takes fewer pods than the primary has when the deadline has passed and no more are to be had", () => {
    const world = adopted();
    world.starts = () => false;
    world.deleting = true;
    world.settle();
    world.advance(11 * MINUTE);
    expect(world.status?.message).toMatch(/^Deleting: 0 of 3 pods/);
    world.target = targetAt("v1", 2, 2);
    world.settle();
    expect(world.apex.selects).toBe("target");
    expect(world.status?.message).toContain("serves with 2 pods (the primary has 3; no more were to be had)");
  });

  test("gives everything back at once when its target is gone as well", () => {
    const world = adopted();
    const before = world.decisions.length;
    world.target = null;
    world.deleting = true;
    world.settle();
    expect(actionsOf(world, before)).toEqual([
      "pointApex",
      "removeRoutes",
      "removeServices",
      "removeFinalizer",
    ]);
  });

  test("makes no Service again that was deleted together with its target", () => {
    const world = adopted();
    const before = world.decisions.length;
    world.target = null;
    world.apex = { ...world.apex, exists: false };
    world.deleting = true;
    world.settle();
    expect(actionsOf(world, before)).toEqual(["removeRoutes", "removeServices", "removeFinalizer"]);
  });

  test("gives its target pods when the primary is gone", () => {
    const world = adopted();
    world.primary = null;
    world.deleting = true;
    world.settle();
    expect(world.target).toMatchObject({ desiredReplicas: 3 });
    expect(world.apex.selects).toBe("target");
    expect(world.finalizers).toEqual([]);
  });

  test("gives its target pods when the primary is gone before it was noted that the target has none any more", () => {
    const world = adopting();
    world.target = targetAt("v1", 0, 0);
    world.primary = null;
    world.deleting = true;
    world.settle();
    expect(world.target).toMatchObject({ desiredReplicas: 3 });
    expect(world.finalizers).toEqual([]);
  });

  test("is handed back although somebody had replaced it without its finalizer", () => {
    const world = adopted();
    world.finalizers = [];
    world.settle();
    expect(world.finalizers).toHaveLength(1);
  });

  test("touches nothing of a target that is another Rollout's", () => {
    const world = adopted();
    const before = world.decisions.length;
    world.isObserved = false;
    world.target = null;
    world.primary = null;
    world.deleting = true;
    world.settle();
    expect(actionsOf(world, before)).toEqual(["removeFinalizer"]);
  });
});

describe("a spec that is refused", () => {
  const PROBLEMS = [{ field: "spec.analysis.metrics[0]", message: "errors has nothing to be held against" }];

  test("is handed back as any other", () => {
    const world = adopted();
    world.specProblems = PROBLEMS;
    world.deleting = true;
    world.advance(10 * MINUTE);
    expect(world.target).toMatchObject({ desiredReplicas: 3 });
    expect(world.apex.selects).toBe("target");
    expect(world.finalizers).toEqual([]);
  });

  test("leaves the primary where it is, and makes it again when somebody deletes it", () => {
    const world = adopted();
    world.specProblems = PROBLEMS;
    world.settle();
    world.primary = null;
    world.settle();
    expect(world.primary).toMatchObject({ revision: "v1" });
  });

  test("makes the primary again that somebody deletes while traffic moves to it", () => {
    const world = adopting();
    world.specProblems = PROBLEMS;
    world.primary = null;
    world.settle();
    expect(world.primary).toMatchObject({ revision: "v1", desiredReplicas: 3 });
  });

  test("starts nothing", () => {
    const world = adopted();
    world.specProblems = PROBLEMS;
    world.ship("v2");
    world.advance(MINUTE);
    expect(world.status?.run).toBeUndefined();
  });
});
