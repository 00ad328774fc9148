import { expect, test } from "vitest";
import { aSpec, CoreWorld } from "../support/core-world.ts";

test("a run that is suspended while its pods start gets no weight until it is resumed", () => {
  const world = new CoreWorld();
  world.advance(60_000);
  world.starts = () => false;
  world.ship("v2");
  world.settle();
  expect(world.status?.run?.stage).toBe("Starting");
  world.spec = aSpec({ suspend: true });
  world.starts = () => true;
  world.target = {
    ...world.target!,
    current: { ...world.target!.current!, readyReplicas: 3 },
    notReadyReason: null,
  };
  world.canaryService = { ...world.canaryService, readyEndpoints: 3 };
  world.settle();
  expect(world.traffic?.canaryWeight).toBe(0);
  expect(world.status?.run?.pause).toMatchObject({ kind: "Suspended" });
  world.spec = aSpec();
  world.settle();
  expect(world.status?.run?.pause).toBeUndefined();
  expect(world.traffic?.canaryWeight).toBe(10);
});
