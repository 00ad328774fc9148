import { randomBinomial } from "d3-random";
import { describe, expect, it } from "vitest";
import { Prng } from "../lib/prng.ts";
import { beginSevereTest, observeSevere, SEVERE_POWER, severeBound, severeEvidence } from "./severe-test.ts";
import { startHazard } from "./start-mixture.ts";

const HAZARD = startHazard(15_000);
const DEFAULTS = { maxRatio: 1.5, minDelta: 0.001 };

describe("the bound of the severe test", () => {
  it("is 4 points above the primary, or four times its rate", () => {
    expect(severeBound(0.001, DEFAULTS)).toBeCloseTo(0.041);
    expect(severeBound(0.05, DEFAULTS)).toBeCloseTo(0.2);
    expect(severeBound(0.001, null)).toBeCloseTo(0.041);
  });

  it("leaves alone what the user allows", () => {
    expect(severeBound(0.001, { maxRatio: 1.5, minDelta: 0.05 })).toBeCloseTo(0.102);
    expect(severeBound(0.05, { maxRatio: 10, minDelta: 0.001 })).toBeCloseTo(1);
  });
});

describe("the severe test", () => {
  it("is hardly ever failed by a canary at half the bound, though its threshold is lower than its share of alpha", () => {
    const prng = new Prng(11);
    const draw = randomBinomial.source(() => prng.float())(30, 0.02);
    const threshold = Math.log(500) / SEVERE_POWER;
    let failed = 0;
    for (let run = 0; run < 1_000; run++) {
      let test = beginSevereTest();
      let worst = 0;
      for (let row = 0; row < 80; row++) {
        const counts = { canary: { total: 30, bad: draw() }, primary: { total: 270, bad: 1 } };
        test = observeSevere(test, counts, 0.04, HAZARD);
        worst = Math.max(worst, severeEvidence(test));
      }
      if (worst >= threshold) failed += 1;
    }
    // Expected at most 2, one in 500.
    expect(failed).toBeLessThanOrEqual(5);
  });
});
