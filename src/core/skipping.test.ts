import { describe, expect, test } from "vitest";
import { aSpec, CoreWorld } from "../../test/support/core-world.ts";

const MINUTE = 60_000;
const STEPS = [
  { weight: 10, hold: "1h", approval: "required" },
  { weight: 50, hold: "1h" },
];

function atFirstStep(): CoreWorld {
  const world = new CoreWorld(aSpec({ steps: STEPS }));
  world.advance(MINUTE);
  world.ship("v2");
  world.advance(MINUTE);
  expect(world.status?.run?.weight).toBe(10);
  return world;
}

function skip(world: CoreWorld): void {
  world.command("skip");
  world.settle();
}

describe("a person who skips a step", () => {
  test("takes the run to the next one, past hold, evidence and approval, and no further", () => {
    const world = atFirstStep();
    skip(world);
    expect(world.status?.run?.weight).toBe(50);
    world.advance(30 * MINUTE);
    expect(world.status?.run?.weight).toBe(50);
  });

  test("promotes from the last one", () => {
    const world = atFirstStep();
    skip(world);
    skip(world);
    world.advance(10 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Succeeded", history: [{ result: "Succeeded" }] });
  });

  test("takes a pause away", () => {
    const world = atFirstStep();
    world.command("pause");
    world.settle();
    skip(world);
    expect(world.status?.run).toMatchObject({ weight: 50, stage: "Step" });
    expect(world.status?.run?.pause).toBeUndefined();
  });

  test("hears once more that the run stands still when the metrics source does not answer", () => {
    const world = atFirstStep();
    world.evidence = () => null;
    world.advance(30 * MINUTE);
    skip(world);
    world.advance(30 * MINUTE);
    expect(world.status?.run).toMatchObject({ weight: 10, pause: { kind: "MetricsUnavailable" } });
    const ids = world.notifications.map(({ id }) => id).filter((id) => id.includes("MetricsUnavailable"));
    expect([ids.length, new Set(ids).size]).toEqual([2, 2]);
  });

  test("has to take a suspension away where it stands, in the spec", () => {
    const world = atFirstStep();
    world.spec = { ...world.spec, suspend: true };
    world.settle();
    skip(world);
    expect(world.status?.run).toMatchObject({ weight: 10, pause: { kind: "Suspended" } });
    expect(world.events.at(-1)).toBe("CommandRefused");
    world.spec = { ...world.spec, suspend: false };
    world.settle();
    skip(world);
    expect(world.status?.run?.weight).toBe(50);
  });

  test("has to do so too where somebody has asked for a pause as well, and nothing is told twice", () => {
    const world = atFirstStep();
    world.spec = { ...world.spec, suspend: true };
    world.settle();
    world.command("pause");
    world.settle();
    skip(world);
    expect(world.status?.run?.weight).toBe(10);
    const ids = world.notifications.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("does not save a canary that fails", () => {
    const world = atFirstStep();
    world.evidence = () => ({
      canary: { requests: 1_000, errors: 600, latencyMs: null },
      primary: { requests: 9_000, errors: 0, latencyMs: null },
    });
    skip(world);
    world.advance(10 * MINUTE);
    expect(world.status?.phase).toBe("Failed");
  });

  test("is told that there is nothing to skip while nothing is released", () => {
    const world = new CoreWorld(aSpec({ steps: STEPS }));
    world.advance(MINUTE);
    skip(world);
    const refusals = world.decisions
      .flatMap(({ events }) => events)
      .filter((it) => it.reason === "CommandRefused");
    expect(refusals.map(({ message }) => message)).toEqual([
      expect.stringContaining("no step is under way (phase Initialized)"),
    ]);
  });
});
