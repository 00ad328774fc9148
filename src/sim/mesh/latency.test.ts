import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketOf, DURATION_BUCKETS_MS, latencyCells } from "./latency.ts";

/** Share of requests at or below a bucket bound. */
function shareUpTo(cells: ReturnType<typeof latencyCells>, boundMs: number): number {
  const last = bucketOf(boundMs);
  return cells.filter(({ bucket }) => bucket <= last).reduce((sum, { share }) => sum + share, 0);
}

describe("a latency distribution", () => {
  it("passes through its p50 and p99", () => {
    const cells = latencyCells({ p50Ms: 50, p99Ms: 500 }, null);
    expect(shareUpTo(cells, 50)).toBeCloseTo(0.5, 4);
    expect(shareUpTo(cells, 500)).toBeCloseTo(0.99, 4);
  });

  it("has shares that sum to 1 and means inside their buckets", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        fc.option(fc.integer({ min: 1, max: 10_000 })),
        (p50Ms, ratio, cutMs) => {
          const cells = latencyCells({ p50Ms, p99Ms: p50Ms * ratio }, cutMs);
          expect(cells.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
          for (const { meanMs, bucket } of cells) {
            expect(meanMs).toBeLessThanOrEqual(DURATION_BUCKETS_MS[bucket]!);
            expect(meanMs).toBeGreaterThanOrEqual(DURATION_BUCKETS_MS[bucket - 1] ?? 0);
          }
        },
      ),
    );
  });

  it("has the mean of the log-normal distribution", () => {
    const cells = latencyCells({ p50Ms: 20, p99Ms: 120 }, null);
    const sigma = Math.log(6) / 2.3263;
    const mean = cells.reduce((sum, { share, meanMs }) => sum + share * meanMs, 0);
    expect(mean / (20 * Math.exp(sigma ** 2 / 2))).toBeCloseTo(1, 3);
  });

  it("is cut at a timeout, so that every cell is on one side of it", () => {
    const cells = latencyCells({ p50Ms: 50, p99Ms: 500 }, 300);
    const late = cells.filter(({ meanMs }) => meanMs > 300).reduce((sum, { share }) => sum + share, 0);
    const sigma = Math.log(10) / 2.3263;
    // 1 - Phi(ln(300/50)/sigma)
    expect(Math.log(6) / sigma).toBeCloseTo(1.8103, 3);
    expect(late).toBeCloseTo(0.0351, 3);
  });

  it("may be a single value", () => {
    const cells = latencyCells({ p50Ms: 30, p99Ms: 30 }, null);
    expect(cells).toHaveLength(1);
    expect(cells[0]!.meanMs).toBeCloseTo(30, 2);
  });
});

describe("bucketOf", () => {
  it.each([
    [0.4, 0.5],
    [5, 5],
    [5.01, 10],
    [4_000_000, Number.POSITIVE_INFINITY],
  ])("%s ms falls in le=%s", (duration, bound) => {
    expect(DURATION_BUCKETS_MS[bucketOf(duration)]).toBe(bound);
  });
});
