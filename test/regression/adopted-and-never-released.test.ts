import { expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";

test("of a Rollout that was adopted and is never released nothing is kept in memory", () => {
  const world = new CoreWorld();
  world.advance(10 * 60_000);
  expect(world.status?.phase).toBe("Initialized");
  expect(world.seen).toBeNull();
});
