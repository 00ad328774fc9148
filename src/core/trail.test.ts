import { describe, expect, it } from "vitest";
import { aSpec, served } from "../../test/support/core-world.ts";
import type { EvidenceRow } from "../api/evidence.ts";
import { judgeSettings } from "../verdict/judge.ts";
import { chartOf, extendTrail, NO_TRAIL } from "./trail.ts";

const INTERVAL_MS = 15_000;
const METRICS = judgeSettings(
  aSpec({
    analysis: {
      interval: "15s",
      metrics: [
        { name: "success-rate", min: 99 },
        { name: "latency", percentile: 99, max: "100ms" },
        { name: "queue-depth", query: "x", max: 5 },
      ],
    },
  }).analysis,
).metrics;

function rows(errors: readonly (number | null)[]): readonly EvidenceRow[] {
  return errors.map((count, i) => ({
    endMs: (i + 1) * INTERVAL_MS,
    canary: count === null ? null : served(100, count),
    primary: served(900, 9),
    own: { "queue-depth": { canary: i, primary: null } },
  }));
}

function chart(errors: readonly (number | null)[], metric?: string) {
  const trail = rows(errors).reduce((sum, row) => extendTrail(sum, row, METRICS), NO_TRAIL);
  return chartOf(trail, METRICS, { metric, intervalMs: INTERVAL_MS });
}

describe("the chart of a run", () => {
  it("has the error rate of both arms, and nothing where there were no requests", () => {
    expect(chart([0, null, 2, 7])).toEqual({
      title: "error rate",
      unit: "%",
      fromMs: 0,
      toMs: 60_000,
      canary: [0, null, 2, 7],
      primary: [1, 1, 1, 1],
    });
  });

  it("is that of the metric which decided", () => {
    expect(chart([0, 0, 0], "latency")).toMatchObject({
      title: "latency p99",
      unit: "ms",
      canary: [99, 99, 99],
    });
    expect(chart([0, 0, 0], "queue-depth")).toMatchObject({
      unit: "",
      canary: [0, 1, 2],
      primary: [null, null, null],
    });
    expect(chart([0, 0, 0], "no-such")).toMatchObject({ title: "error rate" });
  });

  it("is none before there is something to see", () => {
    expect(chart([])).toBeNull();
    expect(chart([1])).toBeNull();
    expect(chart([null, null, null, null, 2])).toBeNull();
  });

  it("gets coarser with a long run instead of longer, and keeps every spike", () => {
    const errors = Array.from({ length: 10_000 }, (_, i) => (i === 6_789 ? 50 : 0));
    const { canary = [], fromMs, toMs } = chart(errors) ?? {};
    expect(canary.length).toBeLessThanOrEqual(48);
    expect(canary.length).toBeGreaterThan(20);
    expect([fromMs, toMs]).toEqual([0, 10_000 * INTERVAL_MS]);
    expect(canary.filter((value) => value === 50)).toHaveLength(1);
    const at = canary.indexOf(50) / canary.length;
    expect(at).toBeGreaterThan(0.6);
    expect(at).toBeLessThan(0.72);
  });
});
