import { expect, test } from "vitest";
import { targetAt } from "../support/core-sides.ts";
import { aSpec, CoreWorld } from "../support/core-world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NO_CANARY = { canaryWeight: 0, shadowPercent: 0, reserved: false };

function adopted(): CoreWorld {
  const world = new CoreWorld(aSpec({ steps: [{ weight: 50, hold: "10m" }] }));
  world.advance(MINUTE);
  expect(world.status?.phase).toBe("Initialized");
  return world;
}

test("at rest, pods that the target was given while the routes were gone go only after a drain", () => {
  const world = adopted();
  world.traffic = null;
  world.target = targetAt("v1", 3, 3);
  world.settle();
  expect(world.traffic).toEqual(NO_CANARY);
  world.advance(19 * SECOND);
  expect(world.target).toMatchObject({ desiredReplicas: 3 });
  world.advance(40 * SECOND);
  expect(world.target).toMatchObject({ desiredReplicas: 0 });
  expect(world.status?.trafficMovedAt).toBeUndefined();
});

test("at rest, nothing is asked any more about pods that somebody else has taken away before the drain was over", () => {
  const world = adopted();
  world.traffic = null;
  world.target = targetAt("v1", 3, 3);
  world.settle();
  expect(world.status?.trafficMovedAt).toBeDefined();
  world.target = targetAt("v1", 0, 0);
  world.advance(20 * SECOND);
  expect(world.status?.trafficMovedAt).toBeUndefined();
});

test("at rest, pods that the target is given just after the routes were made again go only after a drain", () => {
  const world = adopted();
  world.traffic = null;
  world.settle();
  expect(world.traffic).toEqual(NO_CANARY);
  world.advance(5 * SECOND);
  world.target = targetAt("v1", 3, 3);
  world.settle();
  expect(world.target).toMatchObject({ desiredReplicas: 3 });
  world.advance(MINUTE);
  expect(world.target).toMatchObject({ desiredReplicas: 0 });
  expect(world.status?.trafficMovedAt).toBeUndefined();
});

test("at rest, pods that the target was given while the routes were as they should be go at once", () => {
  const world = adopted();
  world.target = targetAt("v1", 3, 3);
  world.settle();
  expect(world.target).toMatchObject({ desiredReplicas: 0 });
});

test("routes that somebody deletes during a rollback are made again before the canary's pods go", () => {
  const world = adopted();
  world.ship("v2");
  world.advance(MINUTE);
  world.command("abort");
  world.settle();
  world.traffic = null;
  world.advance(10 * SECOND);
  expect(world.traffic).toEqual(NO_CANARY);
  world.advance(15 * SECOND);
  expect(world.target).toMatchObject({ desiredReplicas: 3 });
  world.advance(MINUTE);
  expect(world.target).toMatchObject({ desiredReplicas: 0 });
});

test("routes that are gone while traffic has just moved to the primary are made again before the target's pods go", () => {
  const world = new CoreWorld();
  for (let tries = 0; tries < 100 && world.status?.trafficMovedAt === undefined; tries++) world.advance(500);
  world.advance(15 * SECOND);
  world.traffic = null;
  world.settle();
  expect(world.traffic).toEqual(NO_CANARY);
  world.advance(15 * SECOND);
  expect(world.target).toMatchObject({ desiredReplicas: 3 });
  world.advance(MINUTE);
  expect(world.status?.phase).toBe("Initialized");
});

test("what the primary serves by is put right as long as a hand-back waits for the target", () => {
  const world = adopted();
  world.starts = (hash) => hash !== "bad";
  world.ship("bad");
  world.settle();
  world.deleting = true;
  world.settle();
  world.traffic = null;
  world.primaryService = { ...world.primaryService, exists: false };
  world.apex = { ...world.apex, selects: "target" };
  world.settle();
  expect(world.apex.selects).toBe("primary");
  expect(world.traffic).toEqual(NO_CANARY);
  expect(world.primaryService.exists).toBe(true);
  expect(world.finalizers).toHaveLength(1);
});
