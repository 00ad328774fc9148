import { describe, expect, test } from "vitest";
import { aSpec, CoreWorld } from "../../test/support/core-world.ts";
import { scheduleSchema } from "../api/spec-gates.ts";
import { isoTimeMs, parseTime } from "../lib/time.ts";
import { denialAt } from "./gates-schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Friday to Monday, in Paris. */
const WEEKEND = { deny: "0 18 * * 5", for: "62h", timeZone: "Europe/Paris" };

function until(schedule: readonly Record<string, unknown>[], at: string): string | null | "allowed" {
  const denial = denialAt(scheduleSchema.parse(schedule), parseTime(at));
  if (denial === null) return "allowed";
  return denial.untilMs === null ? null : isoTimeMs(denial.untilMs);
}

describe("a schedule", () => {
  test.each([
    ["2026-01-09T16:59:59Z", "allowed"],
    ["2026-01-09T17:00:00Z", "2026-01-12T07:00:00.000Z"],
    ["2026-01-12T06:59:59Z", "2026-01-12T07:00:00.000Z"],
    ["2026-01-12T07:00:00Z", "allowed"],
  ])("that denies weekends, at %s: %s", (at, expected) => {
    expect(until([WEEKEND], at)).toBe(expected);
  });

  test.each([
    ["2026-01-09T12:00:00Z", "allowed"],
    ["2026-01-09T17:00:00Z", "2026-01-12T09:00:00.000Z"],
    ["2026-01-12T08:59:00Z", "2026-01-12T09:00:00.000Z"],
  ])("that allows working hours, at %s: %s", (at, expected) => {
    expect(until([{ allow: "0 9 * * mon-fri", for: "8h" }], at)).toBe(expected);
  });

  test("with windows one upon the other says when the last of them ends", () => {
    const schedule = [
      { deny: "0 18 * * 5", for: "62h" },
      { deny: "0 6 * * 1", for: "4h" },
      { allow: "0 8 * * *", for: "1h" },
      { allow: "0 12 * * *", for: "1h" },
    ];
    expect(until(schedule, "2026-01-09T20:00:00Z")).toBe("2026-01-12T12:00:00.000Z");
  });

  test("that allows nothing for more than a year, or looks so, says how long for certain", () => {
    expect(until([{ deny: "0 0 * * *", for: "744h" }], "2026-01-09T20:00:00Z")).toBe(
      "2027-05-20T00:00:00.000Z",
    );
    expect(until([{ allow: "0 0 31 2 *", for: "1h" }], "2026-01-09T20:00:00Z")).toBeNull();
  });

  test("that is not there allows everything", () => {
    expect(denialAt(undefined, 0)).toBeNull();
  });
});

/** An adopted target; the clock of these worlds begins on Monday 2026-01-05 at 09:00 UTC. */
function adopted(spec: Record<string, unknown>): CoreWorld {
  const analysis = {
    interval: "1m",
    warmup: "0s",
    minRequests: 50,
    metrics: [{ name: "success-rate", min: 99 }],
  };
  const world = new CoreWorld(aSpec({ analysis, ...spec }));
  world.advance(2 * MINUTE);
  return world;
}

describe("within a window that denies", () => {
  const lunch = { deny: "3 9 * * *", for: "1h" };

  test("no run starts; it starts when the window ends, with nothing done in between", () => {
    const world = adopted({ schedule: [lunch] });
    world.advance(2 * MINUTE);
    world.ship("v2");
    world.settle();
    expect(world.status).toMatchObject({ phase: "Waiting", canaryWeight: 0 });
    expect(world.status?.message).toBe(
      'shop/checkout:v2 waits: the schedule (deny "3 9 * * *" for 1h, UTC) does not allow it before 10:03:00 UTC.',
    );
    expect(world.status?.run).toBeUndefined();
    const passes = world.decisions.length;
    world.advance(58 * MINUTE);
    expect(world.decisions.length - passes).toBeLessThanOrEqual(2);
    world.advance(2 * MINUTE);
    expect(world.status?.run?.stage).toBe("Step");
  });

  test("a run stays at its weight and is judged, and goes on afterwards", () => {
    const world = adopted({ schedule: [lunch] });
    world.ship("v2");
    world.advance(5 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Waiting", run: { weight: 10 } });
    expect(world.status?.message).toMatch(
      /^Step 1\/2: 10 % of requests; the schedule .* does not allow it before 10:03:00 UTC\.$/,
    );
    world.advance(HOUR + 2 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
    expect(world.events.filter((reason) => reason === "ScheduleHolds")).toHaveLength(1);
  });

  test("a run that has begun may finish where the window says so", () => {
    const world = adopted({ schedule: [{ ...lunch, runsUnderWay: "continue" }] });
    world.ship("v2");
    world.advance(10 * MINUTE);
    expect(world.status?.phase).toBe("Succeeded");
  });

  test("an edit of the schedule is followed at once, by a run under way too", () => {
    const world = adopted({ schedule: [lunch] });
    world.ship("v2");
    world.advance(5 * MINUTE);
    world.spec = aSpec();
    world.settle();
    expect(world.traffic?.canaryWeight).toBe(50);
  });

  test("an abort is obeyed, and a person may promote", () => {
    for (const [command, result] of [
      ["abort", "Failed"],
      ["promote", "Succeeded"],
    ] as const) {
      const world = adopted({ schedule: [lunch] });
      world.ship("v2");
      world.advance(5 * MINUTE);
      world.command(command);
      world.advance(5 * MINUTE);
      expect(world.status?.history?.[0]?.result).toBe(result);
    }
  });

  test("a rollback is carried out", () => {
    const world = adopted({ schedule: [lunch] });
    world.ship("v2");
    world.advance(5 * MINUTE);
    world.evidence = () => ({
      canary: { requests: 100, errors: 60, latencyMs: null },
      primary: { requests: 900, errors: 0, latencyMs: null },
    });
    world.advance(5 * MINUTE);
    expect(world.status?.history?.[0]).toMatchObject({ reason: "MetricFailed" });
  });
});
