import { expect, test } from "vitest";
import { targetAt } from "../support/core-sides.ts";
import { CoreWorld } from "../support/core-world.ts";

/** Its primary serves v1, and the target's pods are about to go. */
function moved(): CoreWorld {
  const world = new CoreWorld();
  world.starts = (hash) => hash !== "bad";
  for (let tries = 0; tries < 100 && world.status?.trafficMovedAt === undefined; tries++) world.advance(500);
  expect(world.status).toMatchObject({ phase: "Initializing", adopting: { revision: "v1" } });
  return world;
}

test("a primary that is deleted while traffic moves to it is made again from what it served, not from a bad image", () => {
  const world = moved();
  world.ship("bad");
  world.primary = null;
  world.advance(60_000);
  expect(world.primary).toMatchObject({ revision: "v1", readyReplicas: 3 });
  world.ship("v2");
  world.advance(30 * 60_000);
  expect(world.status).toMatchObject({ phase: "Succeeded", promoted: { revision: "v2" } });
});

test("a primary that is deleted when the target has no pods any more is made again with as many as it had", () => {
  const world = moved();
  world.target = { ...world.target!, desiredReplicas: 0 };
  world.primary = null;
  world.settle();
  expect(world.primary).toMatchObject({ revision: "v1", desiredReplicas: 3 });
});

test("a primary whose revision is gone leaves its number of pods to the one that is made from the target", () => {
  const world = moved();
  world.advance(60_000);
  expect(world.status?.phase).toBe("Initialized");
  world.target = { ...targetAt("v2", 0, 0), revisions: ["v2"] };
  world.primary = null;
  world.advance(60_000);
  expect(world.primary).toMatchObject({ revision: "v2", desiredReplicas: 3 });
});

test("a primary that loses its pods while traffic moves to it keeps its revision: what the target gets is for a canary to try", () => {
  const world = moved();
  world.starts = (hash) => hash !== "v1";
  world.primary = { ...world.primary!, readyReplicas: 0, isRolledOut: false };
  world.ship("v2");
  world.advance(60_000);
  expect(world.status?.message).toMatch(/^Waiting for the primary: .*\. Traffic has moved to it already\.$/);
  expect(world.primary).toMatchObject({ revision: "v1" });
  world.advance(10 * 60_000);
  expect(world.status).toMatchObject({ promoted: { revision: "v1" }, run: { revision: "v2" } });
});
