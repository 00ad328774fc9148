import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketQuantile, quantileOf } from "./quantile.ts";

const INF = Number.POSITIVE_INFINITY;
const buckets = (...pairs: readonly (readonly [number, number])[]) =>
  pairs.map(([bound, count]) => ({ bound, count }));

describe("bucketQuantile", () => {
  it.each([
    ["interpolates within a bucket", 0.5, buckets([1, 10], [2, 30], [INF, 40]), 1.5],
    ["begins the lowest bucket at zero", 0.1, buckets([1, 10], [2, 30], [INF, 40]), 0.4],
    ["gives the highest finite bound above it", 0.9, buckets([1, 10], [2, 30], [INF, 40]), 2],
    ["does not care for the order", 0.5, buckets([INF, 40], [2, 30], [1, 10]), 1.5],
    ["adds up buckets of one bound", 0.5, buckets([1, 4], [1, 6], [2, 30], [INF, 40]), 1.5],
    ["lets counts never fall", 0.9, buckets([1, 10], [2, 8], [4, 12], [INF, 12]), 2.8],
    [
      "gives the bound of a lowest bucket that is not positive",
      0.1,
      buckets([-1, 10], [2, 30], [INF, 40]),
      -1,
    ],
    ["needs a bucket for everything", 0.5, buckets([1, 10], [2, 30]), Number.NaN],
    ["needs a finite bucket", 0.5, buckets([INF, 30]), Number.NaN],
    ["needs an observation", 0.5, buckets([1, 0], [INF, 0]), Number.NaN],
    ["is infinite below zero", -0.1, buckets([1, 1], [INF, 1]), -INF],
    ["is infinite above one", 1.1, buckets([1, 1], [INF, 1]), INF],
  ])("%s", (_, q, given, expected) => {
    const found = bucketQuantile(q, given);
    if (Number.isNaN(expected)) expect(found).toBeNaN();
    else expect(found).toBeCloseTo(expected, 12);
  });
});

describe("quantileOf", () => {
  it("lies between the least and the greatest value, and grows with the rank", () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });
    const rank = fc.double({ noNaN: true, min: 0, max: 1 });
    fc.assert(
      fc.property(values, rank, rank, (list, a, b) => {
        const [low, high] = [quantileOf(Math.min(a, b), list), quantileOf(Math.max(a, b), list)];
        expect(low).toBeLessThanOrEqual(high + 1e-6);
        expect(quantileOf(0, list) + 0).toBe(Math.min(...list) + 0);
        expect(quantileOf(1, list)).toBeCloseTo(Math.max(...list), 6);
      }),
    );
  });
});
