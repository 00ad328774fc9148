import { describe, expect, test } from "vitest";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";
import { Prng } from "../lib/prng.ts";
import type { SeenTraffic } from "./seen-traffic.ts";
import { type AskedSplit, splitOf } from "./split.ts";

const MINUTE = 60_000;
const INTERVAL_MS = 15_000;
const FIRST: AskedSplit = { asked: 5, former: 0, isFloor: false };

/** Rows of so many requests to canary and primary, the first of which begins at 0. */
function rowsOf(...counts: readonly (readonly [canary: number, primary: number])[]): SeenTraffic {
  const rows = counts.map(([canary, primary], index) => {
    const pair = { canary, primary };
    return { endMs: (index + 1) * INTERVAL_MS, isUnknown: false, arrived: pair, sent: pair, bytes: null };
  });
  return { intervalMs: INTERVAL_MS, rows };
}

describe("the split", () => {
  test("is seen when the canary's part is the asked one, but for chance", () => {
    expect(splitOf(rowsOf([148, 2852]), 0, FIRST)).toMatchObject({
      kind: "seen",
      sinceMs: 0,
      requests: 3000,
    });
  });

  test("is another one when chance cannot explain it", () => {
    const share = { kind: "contradicted", share: 0, requests: 3000 };
    expect(splitOf(rowsOf([0, 3000]), 0, FIRST)).toEqual(share);
    expect(splitOf(rowsOf([300, 2700]), 0, FIRST)).toMatchObject({ kind: "contradicted", share: 10 });
  });

  test("cannot be told from too few requests", () => {
    expect(splitOf(rowsOf([0, 40]), 0, FIRST).kind).toBe("untold");
    expect(splitOf(rowsOf([0, 0]), 0, FIRST).kind).toBe("untold");
    expect(splitOf(null, 0, FIRST).kind).toBe("untold");
  });

  test("has to be told from what the weight was before, however little they differ", () => {
    const asked = { asked: 25, former: 20, isFloor: false };
    expect(splitOf(rowsOf([25, 75]), 0, asked).kind).toBe("untold");
    expect(splitOf(rowsOf([750, 2250]), 0, asked).kind).toBe("seen");
    expect(splitOf(rowsOf([600, 2400]), 0, asked).kind).toBe("contradicted");
    expect(splitOf(rowsOf([600, 2400]), 0, { ...asked, asked: 21 }).kind).toBe("seen");
  });

  test("is in force since the first interval from which on it shows", () => {
    const late = rowsOf([0, 3000], [1, 2999], [70, 2930], [149, 2851], [152, 2848]);
    expect(splitOf(late, 0, FIRST)).toMatchObject({ kind: "seen", sinceMs: 3 * INTERVAL_MS });
  });

  test("of a slow service is told from many intervals together", () => {
    const slow = Array.from({ length: 30 }, (_, i) => [i % 3 === 0 ? 1 : 0, 7] as const);
    expect(splitOf(rowsOf(...slow), 0, FIRST).kind).toBe("seen");
  });

  test("may be more than asked where requests go to the canary by match", () => {
    expect(splitOf(rowsOf([300, 2700]), 0, { ...FIRST, isFloor: true }).kind).toBe("seen");
    expect(splitOf(rowsOf([3, 2997]), 0, { ...FIRST, isFloor: true }).kind).toBe("contradicted");
  });

  test("is counted by callers, who do not count mirrored requests, where callers tell", () => {
    const { intervalMs, rows } = rowsOf([150, 2850]);
    const mirrored = rows.map((row) => ({ ...row, arrived: { canary: 3000, primary: 2850 } }));
    expect(splitOf({ intervalMs, rows: mirrored }, 0, FIRST).kind).toBe("seen");
    const alone = mirrored.map((row) => ({ ...row, sent: null }));
    expect(splitOf({ intervalMs, rows: alone }, 0, FIRST).kind).toBe("contradicted");
  });

  test("that is in force is hardly ever denied, whatever the weight and the number of requests", () => {
    const prng = new Prng(7);
    let denied = 0;
    for (let round = 0; round < 1_000; round += 1) {
      const [asked, requests] = [1 + Math.floor(100 * prng.float()), 1 + Math.floor(400 * prng.float())];
      const draws = Array.from({ length: requests }, () => prng.float());
      const canary = draws.filter((draw) => draw < asked / 100).length;
      const split = splitOf(rowsOf([canary, requests - canary]), 0, { asked, former: 0, isFloor: false });
      if (split.kind === "contradicted") denied += 1;
    }
    expect(denied).toBeLessThanOrEqual(4);
  });
});

/** A canary that has just got its first weight. */
function atFirstStep(lagMs: number, spec: Record<string, unknown> = {}): CoreWorld {
  const world = new CoreWorld(aSpec(spec));
  world.advance(2 * MINUTE);
  world.lagMs = lagMs;
  world.ship("v2");
  world.settle();
  expect(world.traffic?.canaryWeight).toBe(10);
  return world;
}

/** How long the first weight lasts. */
function heldMs(world: CoreWorld): number {
  const fromMs = world.nowMs;
  world.advanceUntil(() => world.traffic?.canaryWeight === 50, 20 * MINUTE);
  return world.nowMs - fromMs;
}

describe("the hold of a step", () => {
  test("runs from the write when the weight shows at once", () => {
    expect(heldMs(atFirstStep(0))).toBeLessThanOrEqual(MINUTE + INTERVAL_MS);
  });

  test.each([20, 45, 60])(
    "runs from the interval in which the weight shows, %i s after the write",
    (seconds) => {
      const world = atFirstStep(seconds * 1_000);
      const held = heldMs(world);
      expect(held).toBeGreaterThan(MINUTE + seconds * 1_000 - INTERVAL_MS);
      expect(held).toBeLessThanOrEqual(MINUTE + seconds * 1_000 + 2 * INTERVAL_MS);
      expect(world.events).not.toContain("SplitNotSeen");
    },
  );

  test("begins after a bounded time when the weight never shows, and that is told once with asked and seen", () => {
    const world = atFirstStep(0);
    world.evidence = () => ({ canary: served(10), primary: served(990) });
    world.advance(MINUTE);
    expect(world.status?.message).toMatch(
      /^Step 1\/2: 10 % of requests asked for; 1 % of 1,000 requests were seen\. The hold begins when the weight is seen, at the latest /,
    );
    world.advance(20 * MINUTE);
    const told = world.notifications.filter(({ id }) => id.includes("split-0"));
    expect(told).toHaveLength(1);
    expect(told[0]?.text).toMatch(/^Step 1\/2 asked for 10 %, 1 % of 1,000 requests were seen 2m after/);
    expect(world.decisions.some(({ status }) => status.canaryWeight === 50)).toBe(true);
  });

  test("is not delayed, and nothing is warned of, where affinity or matches keep the share from the weight", () => {
    for (const istio of [
      { sessionAffinity: {} },
      { primaryMatch: [{ headers: { tier: { exact: "gold" } } }] },
    ]) {
      const world = atFirstStep(0, { traffic: { istio } });
      world.evidence = () => ({ canary: served(60), primary: served(940) });
      expect(heldMs(world)).toBeLessThanOrEqual(MINUTE + INTERVAL_MS);
      expect(world.events).not.toContain("SplitNotSeen");
    }
  });

  test("is not delayed by a metrics source that does not answer: evidence waits for it anyway", () => {
    const world = atFirstStep(0);
    world.evidence = () => null;
    world.advance(5 * MINUTE);
    expect(world.events).not.toContain("SplitNotSeen");
  });
});

test("what is seen stands in the status, and is written rarely", () => {
  const world = atFirstStep(0, { steps: [{ weight: 10, hold: "30m" }] });
  world.advance(30_000);
  const statuses = new Set<string>();
  for (let passed = 0; passed < 20; passed += 1) {
    world.advance(30_000);
    statuses.add(JSON.stringify(world.status));
  }
  expect(world.status?.run?.split).toMatchObject({ asked: 10, seen: 10 });
  expect(statuses.size).toBeLessThanOrEqual(11);
});
