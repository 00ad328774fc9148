import { expect, test } from "vitest";
import { CoreWorld } from "../support/core-world.ts";

const MINUTE = 60_000;

test("a Rollout that is deleted in the last phase of a run keeps its primary until the target serves", () => {
  const world = new CoreWorld();
  world.advance(MINUTE);
  world.ship("v2");
  world.advanceUntil(() => world.status?.phase === "Finalising", 60 * MINUTE);
  expect(world.status?.phase).toBe("Finalising");
  world.starts = () => false;
  world.target = {
    ...world.target!,
    current: { ...world.target!.current!, readyReplicas: 0 },
    notReadyReason: "its node went away",
  };
  world.deleting = true;
  world.settle();
  world.advance(10 * MINUTE);
  expect(world.primary).not.toBeNull();
  expect(world.status?.message).toMatch(/^Deleting: 0 of 3 pods/);
});
