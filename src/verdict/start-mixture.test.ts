import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Prng } from "../lib/prng.ts";
import { advanceMixture, beginMixture, logEvidence, ratioFrom, startHazard } from "./start-mixture.ts";

const WEIGHTS = [0.5, 0.5];
const P0 = 0.3;
const P1 = [0.5, 0.8];

/** Likelihood ratios of a coin that came up heads or tails. */
function ratios(heads: boolean): number[] {
  return P1.map((p) => (heads ? p / P0 : (1 - p) / (1 - P0)));
}

describe("the mixture over starts", () => {
  it("is a fair bet under the null, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (past) => {
        let mixture = beginMixture(2);
        for (const heads of past) mixture = advanceMixture(mixture, ratios(heads), 0.02);
        const now = Math.exp(logEvidence(mixture, WEIGHTS));
        const next = (heads: boolean): number =>
          Math.exp(logEvidence(advanceMixture(mixture, ratios(heads), 0.02), WEIGHTS));
        expect(P0 * next(true) + (1 - P0) * next(false)).toBeCloseTo(now, 8);
      }),
    );
  });

  it("rarely reaches 1/alpha under the null, looked at after every toss", () => {
    const prng = new Prng(7);
    let crossed = 0;
    for (let run = 0; run < 1_000; run++) {
      let mixture = beginMixture(2);
      for (let toss = 0; toss < 100; toss++) {
        mixture = advanceMixture(mixture, ratios(prng.chance(P0)), 0.02);
        if (logEvidence(mixture, WEIGHTS) >= Math.log(20)) {
          crossed += 1;
          break;
        }
      }
    }
    expect(crossed / 1_000).toBeLessThanOrEqual(0.05);
    expect(crossed).toBeGreaterThan(0);
  });

  it("finds a change that begins late, long after good behaviour", () => {
    let mixture = beginMixture(2);
    for (let i = 0; i < 200; i++) mixture = advanceMixture(mixture, ratios(i % 10 < 3), 0.02);
    expect(logEvidence(mixture, WEIGHTS)).toBeLessThan(1);
    for (let i = 0; i < 12; i++) mixture = advanceMixture(mixture, ratios(true), 0.02);
    expect(logEvidence(mixture, WEIGHTS)).toBeGreaterThan(Math.log(20));
  });

  it("stays finite under absurd evidence", () => {
    let mixture = beginMixture(2);
    for (let i = 0; i < 5; i++) mixture = advanceMixture(mixture, [ratioFrom(1e6), ratioFrom(-1e6)], 0.02);
    expect(Number.isFinite(logEvidence(mixture, WEIGHTS))).toBe(true);
  });

  it("has the same hazard a minute, whatever the interval", () => {
    expect(1 - (1 - startHazard(15_000)) ** 4).toBeCloseTo(startHazard(60_000), 12);
  });
});
