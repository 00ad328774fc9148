import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ArmCounts, PodRow } from "../api/evidence.ts";
import { Prng } from "../lib/prng.ts";
import { balancedSplits, partsKept, steadyPods, traceOf } from "./aa-split.ts";
import { type AaWindow, cutWindows, stepRows } from "./aa-windows.ts";

const INTERVAL_MS = 15_000;

function counts(requests: number, errors = 0): ArmCounts {
  const fast = requests - Math.floor(requests / 50);
  return { requests, errors, latencyMs: { "+Inf": requests, "100": fast } };
}

function row(index: number, pods: Readonly<Record<string, ArmCounts>>): PodRow {
  return { endMs: index * INTERVAL_MS, pods: new Map(Object.entries(pods)) };
}

function steadyWindow(rows: number, pods: Readonly<Record<string, ArmCounts>>): AaWindow {
  return {
    fromMs: 0,
    history: [row(0, pods)],
    rows: Array.from({ length: rows }, (_, index) => row(index + 1, pods)),
  };
}

describe("splits of pods", () => {
  const names = fc
    .integer({ min: 2, max: 12 })
    .map((size) => Array.from({ length: size }, (_, i) => `pod-${i}`));

  it("deal every pod to one of two arms of like size, no two splits alike", () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 40 }), fc.nat(), (pods, atMost, seed) => {
        const splits = balancedSplits(pods, atMost, new Prng(seed));
        expect(splits.length).toBeGreaterThan(0);
        expect(splits.length).toBeLessThanOrEqual(atMost);
        expect(new Set(splits.map(({ canary }) => canary.join())).size).toBe(splits.length);
        for (const { canary, primary } of splits) {
          expect([...canary, ...primary].sort()).toEqual([...pods].sort());
          expect(primary.length - canary.length).toBe(pods.length % 2);
        }
      }),
    );
  });

  it("are all there are, where these are few", () => {
    const two = balancedSplits(["a", "b"], 50, new Prng(1)).map(({ canary }) => canary.join());
    expect(two.sort()).toEqual(["a", "b"]);
    expect(balancedSplits(["a", "b", "c", "d"], 50, new Prng(1))).toHaveLength(6);
    expect(balancedSplits(["a"], 50, new Prng(1))).toEqual([]);
  });

  it("leave out a pod that came or went within the window", () => {
    const both = { a: counts(10), b: counts(10) };
    const rows = Array.from({ length: 20 }, (_, i) => row(i, i < 5 ? { ...both, old: counts(10) } : both));
    expect(steadyPods({ rows })).toEqual(["a", "b"]);
  });
});

describe("an arm", () => {
  it("keeps so much that the canary's share is the weight", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (weight, canary, primary) => {
          const kept = partsKept(weight, { canary, primary });
          expect(Math.max(kept.canary, kept.primary)).toBe(1);
          const left = { canary: canary * kept.canary, primary: primary * kept.primary };
          expect((100 * left.canary) / (left.canary + left.primary)).toBeCloseTo(weight, 6);
        },
      ),
    );
  });

  it("is thinned by lot: the rates stay, the numbers follow the plan", () => {
    const window = steadyWindow(200, { a: counts(600, 60), b: counts(600, 60) });
    const plan = [
      { weight: 10, rows: 100 },
      { weight: 50, rows: 100 },
    ];
    const rows = traceOf(window, { canary: ["a"], primary: ["b"] }, plan, new Prng(4));
    expect(rows[0]).toMatchObject({ weight: null, canary: null, primary: { requests: 600 } });
    const first = rows.slice(1, 101);
    const sum = (of: "requests" | "errors") =>
      first.reduce((total, { canary }) => total + (canary?.[of] ?? 0), 0);
    expect(sum("requests") / 100).toBeCloseTo(600 / 9, -1);
    expect(sum("errors") / sum("requests")).toBeCloseTo(0.1, 1);
    for (const { canary } of first) {
      expect(canary?.errors).toBeLessThanOrEqual(canary?.requests ?? 0);
      expect(canary?.latencyMs?.["100"]).toBeLessThanOrEqual(canary?.latencyMs?.["+Inf"] ?? 0);
    }
    expect(rows.at(-1)).toMatchObject({ weight: 50, canary: counts(600, 60), primary: counts(600, 60) });
  });

  it("that nothing was heard of is null, with the reason", () => {
    const window: AaWindow = { ...steadyWindow(1, {}), rows: [{ ...row(1, {}), error: "HTTP 503" }] };
    const [, only] = traceOf(
      window,
      { canary: ["a"], primary: ["b"] },
      [{ weight: 10, rows: 1 }],
      new Prng(1),
    );
    expect(only).toMatchObject({ canary: null, primary: null, error: "HTTP 503" });
  });

  it("adds up histograms over the bounds that all its pods have", () => {
    const newer: ArmCounts = { requests: 5, errors: 0, latencyMs: { "50": 4, "100": 5, "+Inf": 5 } };
    const window = steadyWindow(1, { a: counts(50), b: newer, c: counts(10) });
    const [, only] = traceOf(
      window,
      { canary: ["c"], primary: ["a", "b"] },
      [{ weight: 99, rows: 1 }],
      new Prng(1),
    );
    expect(Object.keys(only?.primary?.latencyMs ?? {}).sort()).toEqual(["+Inf", "100"]);
  });
});

describe("windows", () => {
  async function* portions(...sizes: readonly number[]): AsyncGenerator<readonly PodRow[]> {
    let next = 0;
    for (const size of sizes) yield Array.from({ length: size }, () => row(next++, {}));
  }

  it("follow one another, each with half an hour of history, whatever the portions", async () => {
    const windows: AaWindow[] = [];
    for await (const window of cutWindows(portions(1, 119, 50, 3, 37), 40)) windows.push(window);
    expect(windows.map(({ fromMs }) => fromMs / INTERVAL_MS)).toEqual([119, 159]);
    for (const { history, rows, fromMs } of windows) {
      expect(history).toHaveLength(120);
      expect(rows).toHaveLength(40);
      expect(rows[0]?.endMs).toBe(fromMs + INTERVAL_MS);
    }
  });

  it("last as long as the plan's holds, or as a verdict takes at the least", () => {
    const settings = { intervalMs: INTERVAL_MS, warmupMs: 90_000 };
    const step = (weight: number, holdMs: number) => ({ weight, holdMs, needsApproval: false });
    expect(stepRows([step(5, 0), step(25, 0), step(50, 600_000)], settings)).toEqual([
      { weight: 5, rows: 10 },
      { weight: 25, rows: 7 },
      { weight: 50, rows: 40 },
    ]);
  });
});
