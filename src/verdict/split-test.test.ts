import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Prng } from "../lib/prng.ts";
import type { PairCounts } from "./counts.ts";
import { logGamma } from "./math/log-gamma.ts";
import { noiseModels } from "./noise-models.ts";
import { splitPlan } from "./split-plan.ts";
import { beginSplitTest, observeSplit, predictSplit, type SplitTest, splitEvidence } from "./split-test.ts";

const HAZARD = 0.02;
const PLAN = splitPlan(1.5, noiseModels(15_000));

function counts(canaryBad: number, primaryBad: number, canaryTotal = 150, primaryTotal = 1_350): PairCounts {
  return {
    canary: { total: canaryTotal, bad: canaryBad },
    primary: { total: primaryTotal, bad: primaryBad },
  };
}

function observed(rows: readonly PairCounts[]): SplitTest {
  return rows.reduce((test, row) => observeSplit(test, row, PLAN, HAZARD), beginSplitTest(PLAN));
}

function hardest(test: SplitTest): number {
  return Math.min(...splitEvidence(test, PLAN));
}

const anyRows = fc.array(
  fc.record({ c: fc.nat(20), p: fc.nat(60) }).map(({ c, p }) => counts(c, p)),
  { minLength: 1, maxLength: 12 },
);

describe("the split test", () => {
  it("refutes every healthy explanation of a persistent tenfold rate", () => {
    const rows = Array.from({ length: 40 }, (_, i) => counts(i % 2 === 0 ? 2 : 1, i % 3 === 0 ? 2 : 1));
    expect(hardest(observed(rows))).toBeGreaterThan(Math.log(5));
    expect(splitEvidence(observed(rows), PLAN)[0]).toBeGreaterThan(Math.log(200));
  });

  it("finds nothing where a shock hits both arms alike", () => {
    const rows = Array.from({ length: 30 }, (_, i) => (i > 10 && i < 16 ? counts(75, 675) : counts(0, 1)));
    expect(hardest(observed(rows))).toBeLessThan(0);
  });

  it("holds a single burst for a burst", () => {
    const rows = Array.from({ length: 30 }, (_, i) => (i === 20 ? counts(60, 7) : counts(1, 7)));
    const [plain = 0] = splitEvidence(observed(rows), PLAN);
    expect(plain).toBeGreaterThan(Math.log(200));
    expect(hardest(observed(rows))).toBeLessThan(Math.log(10));
  });

  it("depends on the arms' sizes by their ratio alone", () => {
    fc.assert(
      fc.property(anyRows, fc.constantFrom(2, 3, 10), (rows, scale) => {
        const scaled = rows.map(({ canary, primary }) =>
          counts(canary.bad, primary.bad, canary.total * scale, primary.total * scale),
        );
        expect(hardest(observed(scaled))).toBeCloseTo(hardest(observed(rows)), 6);
      }),
      { numRuns: 30 },
    );
  });

  it("learns nothing from an interval in which an arm was silent", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const test = observed(rows);
        expect(observeSplit(test, counts(3, 0, 150, 0), PLAN, HAZARD)).toBe(test);
        expect(observeSplit(test, counts(0, 3, 0, 1_350), PLAN, HAZARD)).toBe(test);
      }),
      { numRuns: 20 },
    );
  });

  it("does not mistake the traffic's own fluctuation for evidence", () => {
    // Thousands of events: pooling intervals of unlike sizes carelessly would gain tens of nats here.
    const prng = new Prng(3);
    const rows = Array.from({ length: 40 }, (_, i) => {
      const level = i % 8 < 4 ? 0.2 : 0.02;
      const canary = 1_400 + prng.integer(0, 200);
      const primary = 13_000 + prng.integer(0, 1_000);
      return counts(Math.round(canary * level), Math.round(primary * level), canary, primary);
    });
    expect(hardest(observed(rows))).toBeLessThan(0);
  });

  it("predicts as a probability does: over all splits the filters sum to about 1", () => {
    const test = observed([counts(1, 2), counts(0, 4), counts(3, 1), counts(1, 1)]);
    const events = 6;
    const sums = PLAN.filters.map(() => 0);
    for (let bad = 0; bad <= events; bad++) {
      const { predicted } = predictSplit(test, counts(bad, events - bad), PLAN);
      const ways = Math.exp(logGamma(events + 1) - logGamma(bad + 1) - logGamma(events - bad + 1));
      predicted.forEach((logLikelihood, i) => {
        sums[i] = (sums[i] as number) + ways * Math.exp(logLikelihood);
      });
    }
    for (const sum of sums) {
      expect(sum).toBeGreaterThan(0.85);
      expect(sum).toBeLessThan(1.2);
    }
  });
});
