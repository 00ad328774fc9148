import { randomBinomial } from "d3-random";
import { describe, expect, it } from "vitest";
import { Prng } from "../lib/prng.ts";
import { addHistograms, boundAtLeast, quantile, slowerThan, toHistogram } from "./histogram.ts";
import {
  chooseBounds,
  MOST_BOUNDS,
  NO_TAIL,
  observeTail,
  slowLevel,
  type TailBound,
} from "./latency-bounds.ts";
import { EMPTY_WINDOW, limitEvidence, observeLimit, windowTally } from "./limit-window.ts";
import { NO_LEVEL, observePrimary, primaryRate } from "./primary-level.ts";
import { count, percentage, share, timeOfDay } from "./wording.ts";

function histogram(buckets: Record<string, number>) {
  const made = toHistogram(buckets);
  if (made === null) throw new Error("no histogram");
  return made;
}

describe("a histogram", () => {
  const usual = histogram({ "100": 990, "10": 500, "50": 950, "+Inf": 1_000 });

  it("sorts its bounds as numbers and counts what is slower", () => {
    expect(usual.boundsMs).toEqual([10, 50, 100]);
    expect(slowerThan(usual, 50)).toBe(50);
    expect(slowerThan(usual, 60)).toBeNull();
    expect(boundAtLeast(usual, 60)).toBe(100);
    expect(boundAtLeast(usual, 101)).toBeNull();
  });

  it.each([
    ["counts that fall", { "10": 5, "50": 4, "+Inf": 9 }],
    ["a bucket above the total", { "10": 12, "+Inf": 9 }],
    ["a negative total", { "10": 0, "+Inf": -1 }],
    ["no total", { "10": 1 }],
  ])("with %s says nothing: a counter was reset", (_, buckets) => {
    expect(toHistogram(buckets)).toBeNull();
  });

  it("interpolates quantiles as PromQL does", () => {
    expect(quantile(usual, 0.5)).toBe(10);
    expect(quantile(usual, 0.725)).toBeCloseTo(30, 10);
    expect(quantile(usual, 0.999)).toBe(100);
    expect(quantile(histogram({ "10": 0, "+Inf": 0 }), 0.5)).toBeNull();
  });

  it("adds over the bounds that both have", () => {
    const sum = addHistograms(usual, histogram({ "10": 1, "100": 2, "250": 3, "+Inf": 4 }));
    expect(sum).toEqual({ boundsMs: [10, 100], counts: [501, 992], total: 1_004 });
  });
});

describe("the bounds of the primary's tail", () => {
  const usual = {
    "5": 300,
    "10": 700,
    "25": 800,
    "50": 950,
    "100": 994,
    "250": 999,
    "500": 1_000,
    "+Inf": 1_000,
  };

  it("reach from a quarter of the requests to one beyond the p99", () => {
    const tail = observeTail(NO_TAIL, histogram(usual), 15_000);
    expect(chooseBounds(tail).map((bound) => bound.boundMs)).toEqual([25, 50, 100, 250]);
  });

  it("are not chosen before the primary has served enough", () => {
    const few = histogram({ "10": 90, "+Inf": 100 });
    expect(chooseBounds(observeTail(NO_TAIL, few, 15_000))).toEqual([]);
  });

  it("are thinned where a histogram is fine, keeping the tail", () => {
    const fine = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [String(10 * (i + 1)), 800 + 6.6 * i]),
    );
    const chosen = chooseBounds(observeTail(NO_TAIL, histogram({ ...fine, "+Inf": 1_000 }), 15_000));
    expect(chosen).toHaveLength(MOST_BOUNDS);
    expect(chosen.at(-1)?.boundMs).toBe(300);
  });

  it("know the level from the past, or from now where that is worse", () => {
    const tail = observeTail(NO_TAIL, histogram(usual), 15_000);
    const bound = chooseBounds(tail).find(({ boundMs }) => boundMs === 100) as TailBound;
    expect(slowLevel(bound, histogram(usual))).toBeCloseTo(0.0065, 10);
    expect(slowLevel(bound, histogram({ "100": 900, "+Inf": 1_000 }))).toBeCloseTo(0.1005, 10);
  });
});

describe("the primary's level", () => {
  it("falls again soon after a shock that both arms shared", () => {
    let level = NO_LEVEL;
    for (let i = 0; i < 10; i++) level = observePrimary(level, { total: 1_000, bad: 1 });
    for (let i = 0; i < 4; i++) level = observePrimary(level, { total: 1_000, bad: 500 });
    expect(primaryRate(level)).toBeCloseTo(0.5, 2);
    for (let i = 0; i < 12; i++) level = observePrimary(level, { total: 1_000, bad: 1 });
    expect(primaryRate(level)).toBeLessThan(0.002);
  });

  it("is never 0", () => {
    expect(primaryRate(observePrimary(NO_LEVEL, { total: 10_000, bad: 0 }))).toBeGreaterThan(0);
  });
});

describe("a limit", () => {
  const THRESHOLD = Math.log(1 / 0.002);
  const WINDOW_MS = 300_000;

  function failures(rate: number, runs: number): number {
    const prng = new Prng(5);
    const draw = randomBinomial.source(() => prng.float())(150, rate);
    let failed = 0;
    for (let run = 0; run < runs; run++) {
      let window = EMPTY_WINDOW;
      for (let row = 1; row <= 120; row++) {
        window = observeLimit(window, row * 15_000, { total: 150, bad: draw() }, WINDOW_MS);
        if (limitEvidence(window, 0.01, WINDOW_MS) < THRESHOLD) continue;
        failed += 1;
        break;
      }
    }
    return failed;
  }

  it("is hardly ever failed by a canary right at it, looked at on every tick", () => {
    expect(failures(0.01, 400)).toBeLessThanOrEqual(4);
  });

  it("is failed by one that is well beyond it", () => {
    expect(failures(0.03, 50)).toBe(50);
  });

  it("forgets what is older than its window", () => {
    let window = observeLimit(EMPTY_WINDOW, 15_000, { total: 100, bad: 100 }, 60_000);
    window = observeLimit(window, 90_000, { total: 100, bad: 0 }, 60_000);
    expect(windowTally(window)).toEqual({ total: 100, bad: 0 });
  });
});

describe("wording", () => {
  it("writes numbers as people read them", () => {
    expect(count(40_630.4)).toBe("40,630");
    expect(count(999)).toBe("999");
    expect(percentage(0.0102)).toBe("1.02 %");
    expect(percentage(0.99951)).toBe("99.951 %");
    expect(percentage(1)).toBe("100 %");
    expect(share({ total: 4_510, bad: 46 })).toBe("1.02 % (46/4,510)");
    expect(timeOfDay(50_520_000)).toBe("14:02 UTC");
  });
});
