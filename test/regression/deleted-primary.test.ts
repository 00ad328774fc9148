import { describe, expect, test } from "vitest";
import { targetAt } from "../support/core-sides.ts";
import { aSpec, CoreWorld } from "../support/core-world.ts";

const MINUTE = 60_000;

function initialised(): CoreWorld {
  const world = new CoreWorld(aSpec());
  world.advance(MINUTE);
  expect(world.status?.phase).toBe("Initialized");
  return world;
}

describe("somebody deletes target and primary", () => {
  test("during a run by subsets, whose labels nobody can tell any more: it ends, and the canary's are the user's again", () => {
    const rule = { destinationRule: { name: "app", primarySubset: "stable", canarySubset: "canary" } };
    const world = new CoreWorld({ ...aSpec(), traffic: { istio: rule } } as ReturnType<typeof aSpec>);
    world.advance(MINUTE);
    world.ship("v2");
    world.settle();
    expect(world.status?.run?.weight).toBeGreaterThan(0);
    const since = world.decisions.length;
    Object.assign(world, { target: null, primary: null });
    const apex = { ...world.apex, selects: "target" as const };
    Object.defineProperty(world, "apex", { get: () => apex, set: () => {} });
    world.canaryService = { ...world.canaryService, inSync: false };
    world.pass();
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Failed", history: [{ reason: "TargetDeleted" }] });
    expect(world.status?.run).toBeUndefined();
    const actions = world.decisions.slice(since).flatMap((decision) => decision.actions);
    expect(actions.map(({ kind }) => kind)).toEqual(["setTraffic", "ensureServices"]);
  });
});

describe("somebody deletes the primary", () => {
  test("during a run: it is made again from what it served, and the run goes on", () => {
    const world = initialised();
    world.ship("v2");
    world.settle();
    expect(world.status?.run?.stage).toBe("Step");
    world.primary = null;
    world.settle();
    expect(world.primary).toMatchObject({ revision: "v1", desiredReplicas: 3 });
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", promoted: { revision: "v2" } });
    expect(world.primary).toMatchObject({ revision: "v2" });
  });

  test("in the pass that takes the weight to 0: that stands alone, the primary follows", () => {
    const world = initialised();
    world.ship("v2");
    world.settle();
    world.primary = null;
    world.command("abort");
    world.pass();
    expect(world.decisions.at(-1)?.actions).toEqual([
      { kind: "setTraffic", traffic: { canaryWeight: 0, shadowPercent: 0, reserved: false } },
    ]);
    world.settle();
    expect(world.primary).toMatchObject({ revision: "v1" });
  });

  test("at rest: it is made again with as many pods as it had", () => {
    const world = initialised();
    world.primary = null;
    world.settle();
    expect(world.target?.desiredReplicas).toBe(0);
    expect(world.primary).toMatchObject({ revision: "v1", desiredReplicas: 3 });
  });

  test("at rest, after Git gave the service another number of pods: it has that number", () => {
    const world = initialised();
    world.target = { ...world.target!, desiredReplicas: 5 };
    world.settle();
    expect(world.primary).toMatchObject({ desiredReplicas: 5 });
    world.primary = null;
    world.settle();
    expect(world.primary).toMatchObject({ revision: "v1", desiredReplicas: 5 });
  });

  test("and the target was made anew, so that nothing has its template any more: the target is adopted", () => {
    const world = initialised();
    world.primary = null;
    world.target = targetAt("v9", 2, 2);
    world.advance(MINUTE);
    expect(world.status).toMatchObject({ phase: "Initialized", promoted: { revision: "v9" } });
    expect(world.primary).toMatchObject({ revision: "v9", desiredReplicas: 2 });
  });

  test("during a run, and nothing has its template any more: the target serves at once, and is adopted", () => {
    const world = initialised();
    world.ship("v2");
    world.settle();
    expect(world.status?.run?.stage).toBe("Step");
    world.target = targetAt("v2", 3, 3);
    world.primary = null;
    const { actions, notifications } = world.pass();
    expect(actions).toEqual([{ kind: "pointApex", side: "target" }, { kind: "removeRoutes" }]);
    expect(notifications.map(({ title }) => title)).toContain("shop/checkout: the primary is lost");
    expect(world.status).toMatchObject({
      phase: "Initializing",
      canaryWeight: 0,
      history: [{ result: "Failed", reason: "PrimaryLost" }],
    });
    world.advance(MINUTE);
    expect(world.status).toMatchObject({ phase: "Initialized", promoted: { revision: "v2" } });
    expect(world.primary).toMatchObject({ revision: "v2", desiredReplicas: 3 });
  });

  test("while the target is being drained: the target keeps its pods until there is a primary again", () => {
    const world = new CoreWorld(aSpec());
    world.settle();
    expect(world.status).toMatchObject({ phase: "Initializing", trafficMovedAt: expect.any(String) });
    world.primary = null;
    world.starts = () => false;
    world.advance(5 * MINUTE);
    expect(world.status?.phase).toBe("Initializing");
    expect(world.target?.desiredReplicas).toBe(3);
  });
});
