import { describe, expect, it } from "vitest";
import { CoreWorld } from "../../test/support/core-world.ts";

/** A run at its first step, where the routes may be meddled with. */
function stepping(): CoreWorld {
  const world = new CoreWorld();
  world.advance(60_000);
  world.ship("v2");
  world.settle();
  expect(world.traffic?.canaryWeight).toBe(10);
  return world;
}

const RESET = { canaryWeight: 0, shadowPercent: 0, reserved: false };

describe("weights that somebody else sets back", () => {
  it("are put right at once, then with more patience each time, and it is told who it was", () => {
    const world = stepping();
    world.changedBy = "argocd-controller";
    const waits: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      world.traffic = RESET;
      const beganMs = world.nowMs;
      expect(world.advanceUntil(() => world.traffic?.canaryWeight === 10, 60_000)).toBe(true);
      waits.push(world.nowMs - beganMs);
    }
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(waits.at(-1)).toBeGreaterThan(waits[0] ?? 0);
    expect(world.status?.contested).toMatchObject({ by: "argocd-controller", count: 5 });
    const told = world.decisions
      .flatMap(({ events }) => events)
      .filter((it) => it.reason === "TrafficRepaired");
    expect(told).toHaveLength(5);
    expect(told.at(-1)?.message).toContain("by argocd-controller; it was put right, 5 times in this run");
  });

  it("are put right at once where the canary had been given more", () => {
    const world = stepping();
    world.changedBy = "kubectl-edit";
    for (let count = 0; count < 5; count += 1) {
      world.traffic = { ...RESET, canaryWeight: 90 };
      world.pass();
      expect(world.traffic.canaryWeight).toBe(10);
    }
  });
});

describe("routes that cannot carry a canary", () => {
  it("pause the run by name, and let it go on when they can", () => {
    const world = stepping();
    world.routesProblem = "VirtualService shop/edge does not exist";
    world.advance(300_000);
    expect(world.status?.run).toMatchObject({ weight: 10, pause: { kind: "RoutesUnusable" } });
    expect(world.status?.message).toContain("VirtualService shop/edge does not exist");
    world.routesProblem = undefined;
    expect(world.advanceUntil(() => world.status?.phase === "Succeeded", 600_000)).toBe(true);
  });

  it("keep a run from starting, and are not written to", () => {
    const world = new CoreWorld();
    world.advance(60_000);
    world.routesProblem = "no route sends to checkout-primary";
    world.ship("v2");
    world.advance(60_000);
    expect(world.status).toMatchObject({ phase: "Waiting" });
    expect(world.status?.message).toContain("waits: no route sends to checkout-primary.");
    expect(world.status?.run).toBeUndefined();
  });

  it("can be left by an abort", () => {
    const world = stepping();
    world.routesProblem = "gone";
    world.settle();
    world.command("abort");
    world.settle();
    expect(world.traffic).toEqual(RESET);
  });
});

describe("pods of the primary that somebody takes away during a run", () => {
  it("come back three times; then it is told once that they do not, and nothing is fought over", () => {
    const world = stepping();
    const pods = world.primary?.desiredReplicas ?? 0;
    const scaledDown = (): void => {
      if (world.primary !== null) world.primary = { ...world.primary, desiredReplicas: pods - 1 };
    };
    for (let count = 0; count < 3; count += 1) {
      scaledDown();
      world.settle();
      expect(world.primary?.desiredReplicas).toBe(pods);
    }
    scaledDown();
    world.advance(120_000);
    expect(world.primary?.desiredReplicas).toBe(pods - 1);
    const told = world.decisions
      .flatMap(({ events }) => events)
      .filter((it) => it.reason.startsWith("Capacity"));
    expect(told.map(({ reason }) => reason)).toEqual([
      "CapacityRepaired",
      "CapacityRepaired",
      "CapacityRepaired",
      "CapacityGivenUp",
    ]);
    expect(told.at(-1)?.message).toContain("for the 4th time: that is left to whoever does it");
  });
});
