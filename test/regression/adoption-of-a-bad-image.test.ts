import { expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";

test("a primary made from an image that never gets ready is made from the next one when the target gets it", () => {
  const world = new CoreWorld();
  world.starts = (hash) => hash !== "v1";
  world.advance(60_000);
  expect(world.status?.phase).toBe("Initializing");
  world.ship("v2");
  world.advance(60_000);
  expect(world.status).toMatchObject({ phase: "Initialized", promoted: { revision: "v2" } });
});
