import { describe, expect, it } from "vitest";
import { analysisSchema } from "../api/spec-analysis.ts";
import { judgeSettings } from "../verdict/judge.ts";
import { Calibration, wilson } from "./aa-calibration.ts";
import type { TraceRow } from "./trace.ts";

const INTERVAL_MS = 15_000;
const ARMS = { canary: ["a"], primary: ["b"] };

/** Twenty rows of 1,000 and 9,000 requests; the canary's `errors` of each. */
function trace(errors: number): readonly TraceRow[] {
  return Array.from({ length: 20 }, (_, index) => ({
    endMs: (index + 1) * INTERVAL_MS,
    weight: 10,
    canary: { requests: 1_000, errors, latencyMs: null },
    primary: { requests: 9_000, errors: 9, latencyMs: null },
    own: {},
  }));
}

function calibration(metric: object = {}): Calibration {
  const metrics = [{ name: "success-rate", baseline: {}, ...metric }];
  return new Calibration(judgeSettings(analysisSchema.parse({ metrics })));
}

function splits(...errors: readonly number[]) {
  return errors.map((each) => ({ arms: ARMS, rows: trace(each) }));
}

describe("a calibration", () => {
  it("counts what became of every run, and the interval by window", () => {
    const judged = calibration();
    judged.window(0, splits(1, 8));
    judged.window(300_000, splits(1, 1));
    judged.window(600_000, []);
    const tally = judged.tally();
    expect(tally).toMatchObject({ windows: 2, runs: 4, passed: 3, inconclusive: 0, rate: 0.25 });
    expect(tally.rolledBack[0]?.final.metric).toBe("success-rate");
    expect(tally.interval).toEqual(wilson(0.5, 2));
  });

  it("finds for each setting the smallest change that suffices, on what was rolled back", () => {
    const judged = calibration();
    judged.window(0, splits(1, 8, 1, 1));
    const trials = judged.trials();
    const found = trials.map(({ change, rolledBack }) => [
      change.kind,
      "value" in change ? change.value : null,
      rolledBack,
    ]);
    expect(found).toEqual([
      ["alpha", 0.0001, 1],
      ["minDelta", 0.005, 0],
      ["maxRatio", 5, 0],
    ]);
  });

  it("tries without a limit that the primary itself breaks", () => {
    const judged = calibration({ min: 99.99, baseline: undefined });
    judged.window(0, splits(9));
    expect(judged.trials()).toContainEqual({
      change: { kind: "no limit", metrics: ["success-rate"] },
      rolledBack: 0,
      rate: 0,
    });
  });
});

describe("Wilson's interval", () => {
  it("is that of the books", () => {
    // Newcombe 1998, table I: 81 of 263, and 0 of 20.
    const { low, high } = wilson(81, 263);
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(["0.2553", "0.3662"]);
    expect(wilson(0, 20).low).toBe(0);
    expect(wilson(0, 20).high).toBeCloseTo(0.1611, 4);
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});
