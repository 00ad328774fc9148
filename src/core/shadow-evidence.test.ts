import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";
import type { ArmCounts, EvidenceRow } from "../api/evidence.ts";
import type { RunStatus } from "../api/status.ts";
import { isoTimeMs, parseTime } from "../lib/time.ts";
import { ask } from "./ask.ts";
import { foldEvidence, verdictOf } from "./judging.ts";
import { asComparable } from "./shadow-evidence.ts";

const MINUTE = 60_000;
const INTERVAL_MS = 15_000;
const SHADOW_MS = parseTime("2026-01-05T09:00:00Z");
const STEP_MS = SHADOW_MS + 2 * MINUTE + 4_000;

/** A run that was mirrored to and is at its first step. */
function runWith(shadow: Record<string, unknown>): RunStatus {
  return {
    id: 2,
    revision: "v2",
    images: [],
    startedAt: isoTimeMs(SHADOW_MS),
    stage: "Step",
    stageSince: isoTimeMs(STEP_MS),
    stepIndex: 0,
    steps: 2,
    positions: [
      { kind: "shadow", index: 0, weight: 0, since: isoTimeMs(SHADOW_MS) },
      { kind: "step", index: 0, weight: 10, since: isoTimeMs(STEP_MS) },
    ],
    weight: 10,
    maxWeight: 10,
    shadowPercent: 0,
    canaryReplicas: 3,
    primaryReplicas: 3,
    spec: aSpec({ shadow: { percent: 100, duration: "2m", ...shadow } }),
  };
}

function row(endMs: number, canary: ArmCounts | null, primary: ArmCounts | null): EvidenceRow {
  return { endMs, canary, primary, own: {} };
}

describe("mirrored requests", () => {
  test("never count as live: rows that began less than an interval after mirroring ended have no canary", () => {
    const run = runWith({});
    const ends = [1, 2, 3, 4, 5].map((index) => SHADOW_MS + 2 * MINUTE + index * INTERVAL_MS);
    const counted = ends.filter((endMs) => asComparable(row(endMs, served(100), served(900)), run).canary);
    expect(counted.map((endMs) => (endMs - STEP_MS) / 1_000)).toEqual([41, 56, 71]);
  });

  test("are asked for as such by a controller that begins anew, and live ones as live", () => {
    const world = new CoreWorld(aSpec({ shadow: { percent: 100, duration: "2m" } }));
    world.advance(MINUTE);
    world.evidence = () => ({ canary: served(200), primary: served(800) });
    world.ship("v2");
    world.advance(2 * MINUTE + INTERVAL_MS);
    expect(world.status?.run?.stage).toBe("Step");
    world.nowMs += INTERVAL_MS;
    world.judge = null;
    const asks = ask(world.snapshot());
    const [shadow, step] = (world.status?.run?.positions ?? []).map(({ since }) => parseTime(since));
    expect(asks.map(({ phase }) => phase)).toEqual(["live", "shadow", "live"]);
    expect(asks[1]).toMatchObject({ fromMs: shadow! + INTERVAL_MS, toMs: step });
    expect(asks[2]).toMatchObject({ fromMs: step! + INTERVAL_MS, toMs: world.nowMs });
    expect(asks[0]?.toMs).toBe(shadow);
  });
});

describe("the primary, held against mirrored requests of some methods", () => {
  const run = runWith({ percent: 50 });
  const inShadow = SHADOW_MS + MINUTE;

  test("is given as many requests as have such methods, and all its failures and slow requests", () => {
    const canary: ArmCounts = { requests: 100, errors: 1, latencyMs: { "100": 90, "+Inf": 100 } };
    const primary: ArmCounts = { requests: 1_000, errors: 20, latencyMs: { "100": 970, "+Inf": 1_000 } };
    expect(asComparable(row(inShadow, canary, primary), run).primary).toEqual({
      requests: 200,
      errors: 20,
      latencyMs: { "100": 170, "+Inf": 200 },
    });
  });

  test("is as it is where every method is mirrored", () => {
    const found = row(inShadow, served(100, 1), served(1_000, 20));
    expect(asComparable(found, runWith({ methods: ["*"] }))).toEqual(found);
  });

  /** Half an hour of the primary's past, then ten minutes of a shadow that mirrors a tenth of its requests: all GETs. */
  function verdictInShadow(get: ArmCounts, mirrored: ArmCounts): string {
    const analysis = {
      interval: "15s",
      warmup: "0s",
      minRequests: 50,
      metrics: ["success-rate", "latency"].map((name) => ({ name, baseline: {} })),
    };
    const started = { ...run, stage: "Shadow", positions: run.positions.slice(0, 1) } as const;
    const judged = { ...started, spec: { ...aSpec({ analysis }), shadow: run.spec.shadow } };
    const post: ArmCounts = {
      requests: 900,
      errors: 0,
      latencyMs: { "10": 900, "100": 900, "1000": 900, "+Inf": 900 },
    };
    const primary: ArmCounts = {
      requests: post.requests + get.requests,
      errors: get.errors,
      latencyMs: Object.fromEntries(
        Object.entries(post.latencyMs ?? {}).map(([le, count]) => [le, count + (get.latencyMs?.[le] ?? 0)]),
      ),
    };
    const rows = Array.from({ length: 160 }, (_, index) => {
      const endMs = SHADOW_MS + (index - 119) * INTERVAL_MS;
      return row(endMs, endMs > SHADOW_MS ? mirrored : null, primary);
    });
    return verdictOf(foldEvidence(null, judged, rows), SHADOW_MS + 41 * INTERVAL_MS).result;
  }

  test("is no reason to fail a canary whose GETs are as they always were: slower than POSTs, and failing more often", () => {
    const get: ArmCounts = {
      requests: 100,
      errors: 3,
      latencyMs: { "10": 0, "100": 20, "1000": 95, "+Inf": 100 },
    };
    const half: ArmCounts = {
      requests: 50,
      errors: 1.5,
      latencyMs: { "10": 0, "100": 10, "1000": 47.5, "+Inf": 50 },
    };
    expect(verdictInShadow(get, half)).toBe("pass");
  });

  test("lets a canary fail that is worse than the worst of them", () => {
    const get: ArmCounts = {
      requests: 100,
      errors: 1,
      latencyMs: { "10": 0, "100": 20, "1000": 99, "+Inf": 100 },
    };
    const broken = served(50, 10);
    expect(verdictInShadow(get, broken)).toBe("fail");
  });

  test("has at least the rate that it really had with these methods, whatever the mix", () => {
    const kind = fc.record({
      requests: fc.integer({ min: 1, max: 1_000 }),
      bad: fc.integer({ min: 0, max: 1_000 }),
    });
    fc.assert(
      fc.property(kind, kind, (safe, other) => {
        const arm = (requests: number, bad: number): ArmCounts => ({
          requests,
          errors: bad,
          latencyMs: { "100": requests - bad, "+Inf": requests },
        });
        const bad = { safe: Math.min(safe.bad, safe.requests), other: Math.min(other.bad, other.requests) };
        const whole = arm(safe.requests + other.requests, bad.safe + bad.other);
        const mirrored = arm(safe.requests, bad.safe);
        const everything = runWith({ percent: 100 });
        const { primary } = asComparable(row(inShadow, mirrored, whole), everything);
        expect(primary?.requests).toBe(safe.requests);
        expect(primary?.errors).toBeGreaterThanOrEqual(bad.safe);
        expect(primary?.errors).toBeLessThanOrEqual(safe.requests);
        const slow = (primary?.latencyMs?.["+Inf"] ?? 0) - (primary?.latencyMs?.["100"] ?? 0);
        expect(slow).toBeGreaterThanOrEqual(bad.safe);
      }),
    );
  });
});
