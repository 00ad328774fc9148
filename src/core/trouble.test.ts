import { describe, expect, it } from "vitest";
import { aSpec, CoreWorld } from "../../test/support/core-world.ts";
import { decide } from "./decide.ts";
import { isLowering, loweringFirst } from "./lowering.ts";
import { troubledStatus } from "./trouble.ts";

/** At the first step of a run, with passes that begin to fail. */
function troubled(): CoreWorld {
  const world = new CoreWorld(aSpec());
  world.advance(60_000);
  world.ship("v2");
  world.settle();
  expect(world.status?.run?.stage).toBe("Step");
  world.trouble = { sinceMs: world.nowMs, message: "scaling checkout: no answer" };
  return world;
}

describe("a run whose passes fail", () => {
  it("goes back when it has lasted for the run's progressDeadline, and says why", () => {
    const world = troubled();
    world.nowMs += 600_000 - 1;
    expect(decide(world.snapshot(), [], world.settings).status.run?.stage).toBe("Step");
    world.nowMs += 1;
    const decision = decide(world.snapshot(), [], world.settings);
    expect(decision.actions).toEqual([
      { kind: "setTraffic", traffic: { canaryWeight: 0, shadowPercent: 0, reserved: false } },
    ]);
    expect(decision.status.run?.outcome).toMatchObject({
      reason: "ProgressDeadlineExceeded",
      message: "For 10m the run could not go on: scaling checkout: no answer.",
    });
  });

  it("has its time anew in each stage, and none once it is going back", () => {
    const world = troubled();
    world.trouble = { sinceMs: world.nowMs - 3_600_000, message: "x" };
    expect(decide(world.snapshot(), [], world.settings).status.run?.stage).toBe("Step");
    world.command("abort");
    world.pass();
    world.nowMs += 3_600_000;
    expect(world.status?.run?.outcome?.reason).toBe("Aborted");
    expect(decide(world.snapshot(), [], world.settings).status.history?.[0]?.reason ?? "Aborted").toBe(
      "Aborted",
    );
  });

  it("is there to be aborted although its pods could never be asked for", () => {
    const world = new CoreWorld(aSpec());
    world.advance(60_000);
    world.ship("v2");
    const decision = decide(world.snapshot(), [], world.settings);
    expect(decision.actions).toEqual([]);
    expect(decision.status.run?.stage).toBe("Starting");
    expect(decision.finally.map(({ kind }) => kind)).toEqual(["setTraffic", "pinCanary", "scaleTarget"]);
    // They got lost: what follows asks for them again.
    world.status = decision.status;
    expect(world.pass().actions.map(({ kind }) => kind)).toEqual(["pinCanary", "scaleTarget"]);
  });

  it("says so in a condition, and nothing else of its status changes", () => {
    const { status, nowMs } = troubled();
    const told = troubledStatus(status!, "scaling checkout: no answer", nowMs);
    expect(told.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "False",
      reason: "PassFailed",
      message: "scaling checkout: no answer. It is tried again.",
    });
    const others = ({ conditions = [], ...rest }: typeof told) => [
      rest,
      conditions.filter(({ type }) => type !== "Ready"),
    ];
    expect(others(told)).toEqual(others(status!));
    expect(troubledStatus(told, "scaling checkout: no answer", nowMs + 1)).toEqual(told);
  });
});

describe("taking requests from the canary", () => {
  const routing = (canaryWeight: number, reserved = false) =>
    ({ kind: "present", traffic: { canaryWeight, shadowPercent: 0, reserved }, inSync: true }) as const;
  const to = (canaryWeight: number, reserved = false) =>
    ({ kind: "setTraffic", traffic: { canaryWeight, shadowPercent: 0, reserved } }) as const;
  const scale = { kind: "scalePrimary", replicas: 3 } as const;

  it("comes before everything that may fail", () => {
    expect(loweringFirst([scale, to(0)], routing(50))).toEqual([to(0), scale]);
    expect(loweringFirst([scale, to(60)], routing(50))).toEqual([scale, to(60)]);
    expect(loweringFirst([scale], routing(50))).toEqual([scale]);
  });

  it("is less of something, and more of nothing", () => {
    expect(isLowering(to(10, true), routing(50, true))).toBe(true);
    expect(isLowering(to(50), routing(50, true))).toBe(true);
    expect(isLowering(to(10, true), routing(50))).toBe(false);
    expect(isLowering(to(50), routing(50))).toBe(false);
    expect(isLowering(to(0), { kind: "missing" })).toBe(false);
    expect(isLowering(scale, routing(50))).toBe(false);
  });
});
