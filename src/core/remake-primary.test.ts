import { describe, expect, test } from "vitest";
import { primaryAt, targetAt } from "../../test/support/core-sides.ts";
import { aSpec, CoreWorld } from "../../test/support/core-world.ts";

const MINUTE = 60_000;

function adopted(): CoreWorld {
  const world = new CoreWorld(aSpec({ steps: [{ weight: 50, hold: "10m" }] }));
  world.advance(MINUTE);
  expect(world.status?.phase).toBe("Initialized");
  return world;
}

/** v2 was aborted, and its pods are gone. */
function aborted(): CoreWorld {
  const world = adopted();
  world.ship("v2");
  world.advance(MINUTE);
  world.command("abort");
  world.advance(10 * MINUTE);
  expect(world.status).toMatchObject({ phase: "Failed", rejected: { revision: "v2" } });
  return world;
}

describe("a primary that turns out to have another template than it is to serve", () => {
  test("is set back at rest: the answer to the write that gave it that was lost, and then the run was aborted", () => {
    const world = aborted();
    world.primary = primaryAt("v2", 3, true);
    world.settle();
    expect(world.primary).toMatchObject({ revision: "v1" });
    expect(world.events.filter((reason) => reason === "PrimarySetBack")).toHaveLength(1);
    expect(world.status?.phase).toBe("Failed");
  });

  test("is set back during a run, before requests are compared with it", () => {
    const world = adopted();
    world.ship("v2");
    world.advance(MINUTE);
    expect(world.status?.run?.stage).toBe("Step");
    world.primary = primaryAt("v2", 3, true);
    world.settle();
    expect(world.primary).toMatchObject({ revision: "v1" });
    expect(world.status?.run?.stage).toBe("Step");
  });

  test("keeps it when what it is to serve cannot be made any more", () => {
    const world = aborted();
    world.primary = primaryAt("v2", 3, true);
    world.target = { ...targetAt("v2", 0, 0), revisions: ["v2"] };
    world.settle();
    expect(world.primary).toMatchObject({ revision: "v2" });
    expect(world.events).not.toContain("PrimarySetBack");
  });
});
