import { expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";

test("a primary that was deleted while traffic moved to it, and made again from a bad image, follows the target", () => {
  const world = new CoreWorld();
  world.starts = (hash) => hash !== "bad";
  for (let tries = 0; tries < 100 && world.status?.trafficMovedAt === undefined; tries++) world.advance(500);
  expect(world.status).toMatchObject({ phase: "Initializing" });
  world.ship("bad");
  world.primary = null;
  world.advance(60_000);
  expect(world.status?.phase).toBe("Initializing");
  world.ship("v2");
  world.advance(60_000);
  expect(world.status).toMatchObject({ phase: "Initialized", promoted: { revision: "v2" } });
});
