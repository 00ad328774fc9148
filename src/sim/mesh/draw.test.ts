import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Prng } from "../../lib/prng.ts";
import { Draw } from "./draw.ts";

describe("split", () => {
  it("deals every item, and none to a share of zero", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 0, max: 100_000 }),
        fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })), { maxLength: 8 }),
        (seed, count, shares) => {
          const dealt = new Draw(new Prng(seed)).split(count, shares);
          const expected = shares.some((share) => share > 0) ? count : 0;
          expect(dealt.reduce((sum, part) => sum + part, 0)).toBe(expected);
          for (const [index, part] of dealt.entries()) {
            expect(part).toBeGreaterThanOrEqual(0);
            expect(Number.isInteger(part)).toBe(true);
            if (shares[index] === 0) expect(part).toBe(0);
          }
        },
      ),
    );
  });

  it("keeps to the shares: 100,000 items at 5 to 95, within four standard deviations", () => {
    const [five = 0] = new Draw(new Prng(1)).split(100_000, [5, 95]);
    expect(Math.abs(five - 5_000)).toBeLessThan(4 * Math.sqrt(100_000 * 0.05 * 0.95));
  });
});

describe("draws", () => {
  it("have the mean and the variance of Poisson and binomial variables", () => {
    const draw = new Draw(new Prng(2));
    const moments = (sample: () => number) => {
      const values = Array.from({ length: 20_000 }, sample);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
    };
    const poisson = moments(() => draw.poisson(40));
    expect(poisson.mean).toBeCloseTo(40, 0);
    expect(poisson.variance / 40).toBeCloseTo(1, 1);
    const binomial = moments(() => draw.binomial(1_000, 0.02));
    expect(binomial.mean).toBeCloseTo(20, 0);
    expect(binomial.variance / 19.6).toBeCloseTo(1, 1);
  });

  it("are sure where the probability is", () => {
    const draw = new Draw(new Prng(3));
    expect([draw.binomial(7, 0), draw.binomial(7, 1), draw.poisson(0)]).toEqual([0, 7, 0]);
  });
});
