import { describe, expect, it } from "vitest";
import { familyNamed } from "../../scripts/bench/verdict/families.ts";
import { percentile } from "../../scripts/bench/verdict/measure.ts";
import { judgeTrace } from "../../scripts/bench/verdict/run-judge.ts";
import { tickMs } from "../../scripts/bench/verdict/tick.ts";
import { simulate } from "../../scripts/bench/verdict/world.ts";

/**
 * A small, seeded part of `npm run bench -- verdict`: too few runs to measure a rate of 1 %, enough to notice when the
 * judge goes wrong. Bounds have room, so that a change of a detail does not break them.
 */
const FIRST_SEED = 1;

function outcomes(name: string, runs: number): readonly { result: string; minutes: number }[] {
  const { world, onsetMs } = familyNamed(name);
  return Array.from({ length: runs }, (_, i) => {
    const final = judgeTrace(simulate(world, FIRST_SEED + i));
    const minutes = final.result === "fail" ? (final.atMs - onsetMs) / 60_000 : Number.POSITIVE_INFINITY;
    return { result: final.result, minutes };
  });
}

describe("healthy releases", () => {
  it.each([
    ["100 rps, 0.9 %", 8],
    ["shared outages, 1000 rps", 8],
    ["cold start of 75 s, 100 rps", 8],
    ["bursts of 1 min, 100 rps", 8],
    ["drifting arms (AR(1), 90 s), 1000 rps", 8],
  ])("%s: hardly any is rolled back, and nearly all pass", (name, runs) => {
    const results = outcomes(name, runs).map((outcome) => outcome.result);
    expect(results.filter((result) => result === "fail").length).toBeLessThanOrEqual(1);
    expect(results.filter((result) => result === "pass").length).toBeGreaterThanOrEqual(runs - 2);
  });
});

describe("regressions", () => {
  it.each([
    ["30 % errors, 1 rps", 7],
    ["30 % errors, 10 rps", 1.25],
    ["+5 points, 100 rps", 3],
    ["0.1 to 1 %, 100 rps", 6],
    ["0.1 to 1 % after 10 min, 100 rps", 7],
    ["0.1 to 0.5 %, 1000 rps", 6],
    ["tail 4 x slower for 2 %, 100 rps", 4],
    ["median + 50 %, 100 rps", 13],
    ["0.1 to 1 %, 100 rps, with history", 4.5],
  ])("%s: caught, half of them within %d minutes", (name, withinMin) => {
    const runs = outcomes(name, 12);
    expect(runs.map((run) => run.result)).not.toContain("pass");
    const minutes = runs.map((run) => run.minutes);
    expect(percentile(minutes, 0.5)).toBeLessThanOrEqual(withinMin);
    expect(percentile(minutes, 0.9)).toBeLessThanOrEqual(2 * withinMin);
  });
});

describe("no evidence", () => {
  it.each([
    "0.2 rps: 36 requests in 30 min",
    "metrics lost after 5 min",
    "primary's metrics lost after 5 min",
  ])("%s: neither fails nor passes", (name) => {
    expect(new Set(outcomes(name, 5).map((outcome) => outcome.result))).toEqual(new Set(["inconclusive"]));
  });
});

describe("a tick of the judge", () => {
  it("takes a fraction of a millisecond", () => {
    const rows = simulate(familyNamed("1000 rps, 0.1 %").world, 3);
    // Of the thread's own time, since other tests run too. The budget is 0.5 ms; a slow machine in CI gets more, a step
    // of work too much would not fit that either.
    expect(tickMs(rows, 3)).toBeLessThan(1.5);
  });
});
