import { describe, expect, test } from "vitest";
import { aSpec, CoreWorld } from "../../test/support/core-world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NO_CANARY = { canaryWeight: 0, shadowPercent: 0, reserved: false };

function adopted(): CoreWorld {
  const world = new CoreWorld(aSpec({ steps: [{ weight: 50, hold: "1m" }] }));
  world.advance(MINUTE);
  return world;
}

/** The primary has been given v2, and does not get ready with it. */
function promoting(): CoreWorld {
  const world = adopted();
  world.ship("v2");
  world.advanceUntil(() => stageOf(world) === "Shifting", 20 * MINUTE);
  world.starts = () => false;
  world.advanceUntil(() => world.primary?.revision === "v2", 5 * MINUTE);
  return world;
}

function stageOf(world: CoreWorld): string | undefined {
  return world.status?.run?.stage;
}

describe("a canary whose pin somebody takes away", () => {
  test("keeps its requests, is pinned again at once, and it is told who does it", () => {
    const world = adopted();
    world.ship("v2");
    world.settle();
    expect(world.traffic?.canaryWeight).toBe(50);
    world.canaryService = {
      ...world.canaryService,
      pinnedHash: null,
      readyEndpoints: 6,
      changedBy: "argocd",
    };
    world.apex = { ...world.apex, selects: "target", changedBy: "argocd" };
    const { actions } = world.pass();
    expect(actions.map(({ kind }) => kind)).toEqual(["pinCanary", "pointApex"]);
    world.settle();
    expect(world.traffic?.canaryWeight).toBe(50);
    expect(stageOf(world)).toBe("Step");
    const told = world.decisions
      .flatMap(({ events }) => events)
      .filter((it) => it.reason === "TrafficRepaired");
    expect(told.map(({ message }) => message)).toEqual([
      "The canary's Service was not pinned to the canary's revision, by argocd; it was put right, 1 time in this run. Let argocd leave labels alone (docs/guides/istio.md, \"GitOps\").",
      'The apex Service did not select the primary\'s pods, by argocd; it was put right, 2 times in this run. Let argocd leave labels alone (docs/guides/istio.md, "GitOps").',
    ]);
    expect(world.events).not.toContain("CanaryRestarted");
  });

  test("loses its requests where writes have failed for a while, since the pin may not come back", () => {
    const world = adopted();
    world.ship("v2");
    world.settle();
    world.canaryService = { ...world.canaryService, pinnedHash: null };
    world.trouble = { sinceMs: world.nowMs - 11 * SECOND, message: "Services cannot be written" };
    world.pass();
    expect(world.traffic).toEqual(NO_CANARY);
  });

  test("is pinned again during the promotion too, and serves meanwhile", () => {
    const world = promoting();
    world.canaryService = { ...world.canaryService, pinnedHash: null };
    world.settle();
    expect(world.canaryService.pinnedHash).toBe("v2");
    expect(world.traffic?.canaryWeight).toBe(100);
    expect(world.events).not.toContain("CanaryLost");
  });
});
