import { describe, expect, test } from "vitest";
import { targetAt } from "../../test/support/core-sides.ts";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";

const MINUTE = 60_000;

/** A canary at 10 % that is aborted now. */
function aborted(lagMs = 0): CoreWorld {
  const world = new CoreWorld(aSpec({ steps: [{ weight: 10, hold: "10m" }] }));
  world.advance(2 * MINUTE);
  world.lagMs = lagMs;
  world.ship("v2");
  world.advance(30_000 + lagMs);
  expect(world.traffic?.canaryWeight).toBe(10);
  world.command("abort");
  world.settle();
  expect(world.traffic?.canaryWeight).toBe(0);
  return world;
}

/** How long the canary's pods stay from now on. */
function keptMs(world: CoreWorld, limitMs = 10 * MINUTE): number {
  const fromMs = world.nowMs;
  world.advanceUntil(() => world.target?.desiredReplicas === 0, limitMs);
  return world.nowMs - fromMs;
}

describe("the canary's pods, after weight 0", () => {
  test("go when two intervals in a row had no request for them", () => {
    const kept = keptMs(aborted());
    expect(kept).toBeGreaterThanOrEqual(30_000);
    expect(kept).toBeLessThanOrEqual(45_000);
  });

  test.each([10, 30, 60, 100])(
    "stay while proxies that learn of it %i s late send them requests",
    (seconds) => {
      const world = aborted(seconds * 1_000);
      const kept = keptMs(world);
      expect(kept).toBeGreaterThanOrEqual((seconds + 30) * 1_000);
      expect(kept).toBeLessThanOrEqual((seconds + 46) * 1_000);
      expect(world.events).not.toContain("DrainTimedOut");
    },
  );

  test("go after the longest time even if somebody goes on calling them, and that is told with numbers", () => {
    const world = aborted();
    world.evidence = () => ({ canary: served(7), primary: served(993) });
    expect(keptMs(world)).toBe(world.settings.drainMaxMs);
    const events = world.decisions.flatMap((decision) => decision.events);
    expect(events.find(({ reason }) => reason === "DrainTimedOut")?.message).toMatch(
      /^After 3m the canary's pods go although 14 requests arrived there in the last 30s\./,
    );
    expect(world.status?.phase).toBe("Failed");
  });

  test("stay while bytes go over connections that are still open, as long as --drain-max allows", () => {
    const world = aborted();
    const quietMs = world.nowMs + MINUTE;
    world.evidence = (endMs) => ({
      canary: null,
      primary: served(100),
      bytes: { canary: endMs < quietMs ? 4_096 : 0, primary: 9_000 },
    });
    const kept = keptMs(world);
    expect(kept).toBeGreaterThanOrEqual(MINUTE + 15_000);
    expect(kept).toBeLessThanOrEqual(MINUTE + 45_000);

    const busy = aborted();
    busy.evidence = () => ({ canary: null, primary: null, bytes: { canary: 4_096, primary: 0 } });
    expect(keptMs(busy)).toBe(busy.settings.drainMaxMs);
    const events = busy.decisions.flatMap((decision) => decision.events);
    expect(events.find(({ reason }) => reason === "DrainTimedOut")?.message).toContain(
      "8,192 bytes went over open connections in the last 30s",
    );
  });

  test("stay while it is not known what a write without an answer has done to the routes", () => {
    const world = aborted();
    world.areWritesKnown = false;
    world.advance(10 * MINUTE);
    expect(world.target?.desiredReplicas).toBeGreaterThan(0);
    world.areWritesKnown = true;
    world.advance(1_000);
    expect(world.target?.desiredReplicas).toBe(0);
  });

  test("go after the drain when the metrics source does not answer", () => {
    const world = aborted();
    world.evidence = () => null;
    expect(keptMs(world)).toBeLessThanOrEqual(30_000);
  });

  test("of a service that nobody calls do not stay for long", () => {
    const world = aborted();
    world.evidence = () => ({ canary: null, primary: null });
    expect(keptMs(world)).toBeLessThanOrEqual(45_000);
  });

  test("stay until a silence is more than chance: 0.9^66 is one in a thousand", () => {
    const world = aborted();
    world.evidence = () => ({ canary: null, primary: served(10) });
    // Seven intervals of ten requests, the first of which begins up to an interval after the weight was written.
    expect(keptMs(world)).toBeGreaterThan(90_000);
    const rare = aborted();
    rare.evidence = () => ({ canary: null, primary: served(1) });
    expect(keptMs(rare)).toBe(rare.settings.drainMaxMs);
    expect(rare.events).not.toContain("DrainTimedOut");
  });

  test("stay anew when somebody gives the canary requests again", () => {
    const world = aborted();
    world.advance(15_000);
    world.traffic = { ...world.traffic!, canaryWeight: 10 };
    world.settle();
    expect(world.traffic.canaryWeight).toBe(0);
    expect(keptMs(world)).toBeGreaterThanOrEqual(30_000);
  });

  test.each([
    ["the routes were gone", null],
    ["somebody gave the canary requests", { canaryWeight: 10, shadowPercent: 0, reserved: false }],
  ])("stay anew when %s, also where the status that says so could not be written", (_, traffic) => {
    const world = aborted();
    world.evidence = () => null;
    world.advance(19_000);
    world.nowMs += 5_000;
    world.traffic = traffic;
    world.passUntold();
    expect(world.traffic).toMatchObject({ canaryWeight: 0 });
    world.settle();
    expect(world.target?.desiredReplicas).toBeGreaterThan(0);
    expect(keptMs(world)).toBeGreaterThanOrEqual(20_000);
  });

  test("are waited for no more when they have gone: the process that told them to died before it could say so", () => {
    const world = aborted();
    world.evidence = () => null;
    world.advance(19_000);
    world.nowMs += 2_000;
    world.passUntold();
    expect(world.target).toMatchObject({ desiredReplicas: 0, replicas: 0 });
    world.restart();
    world.settle();
    expect(world.status).toMatchObject({ phase: "Failed", rejected: { revision: "v2" } });
    expect(world.status?.run).toBeUndefined();
  });

  test("stay for the whole drain once more when another process takes over: its predecessor may have died between two writes", () => {
    const world = aborted();
    world.evidence = () => null;
    world.advance(19_000);
    world.restart();
    expect(keptMs(world)).toBeGreaterThanOrEqual(20_000);
    expect(world.status?.phase).toBe("Failed");
  });
});

test("the primary's pods stay while it is seen to get requests, when the Rollout is deleted", () => {
  const world = new CoreWorld(aSpec());
  world.advance(2 * MINUTE);
  world.lagMs = 50_000;
  world.deleting = true;
  world.settle();
  const fromMs = world.nowMs;
  world.advanceUntil(() => world.primary === null, 10 * MINUTE);
  expect(world.nowMs - fromMs).toBeGreaterThanOrEqual(80_000);
  expect(world.finalizers).toEqual([]);
});

test("the target's pods stay while they are seen to get requests, when it is adopted", () => {
  const world = new CoreWorld(aSpec());
  world.lagMs = 50_000;
  world.settle();
  const fromMs = world.nowMs;
  world.advanceUntil(() => world.target?.desiredReplicas === 0, 10 * MINUTE);
  expect(world.nowMs - fromMs).toBeGreaterThanOrEqual(80_000);
});

test("pods that the target is given at rest go after a drain where the routes were others', also where that could not be noted", () => {
  const world = new CoreWorld(aSpec());
  world.advance(2 * MINUTE);
  world.traffic = { ...world.traffic!, canaryWeight: 50 };
  world.target = targetAt("v1", 3, 3);
  world.passUntold();
  expect(world.traffic.canaryWeight).toBe(0);
  const kept = keptMs(world);
  expect(kept).toBeGreaterThanOrEqual(20_000);
  expect(kept).toBeLessThan(MINUTE);
});

test("at rest nothing is asked and nothing is remembered", () => {
  const world = aborted();
  world.advance(10 * MINUTE);
  expect(world.status?.run).toBeUndefined();
  expect(world.seen).toBeNull();
  expect(world.decisions.at(-1)?.requeueAfterMs).toBeNull();
});
