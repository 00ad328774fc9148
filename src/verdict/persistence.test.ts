import { describe, expect, it } from "vitest";
import type { PairCounts } from "./counts.ts";
import { NOTHING_RECENT, observeRecent, outlastsBurst } from "./persistence.ts";

const ALLOWED = { maxRatio: 1.5, minDelta: 0.001 };
const INTERVAL_MS = 15_000;

interface Traffic {
  /** Of the canary in a row; the primary has nine times as many. */
  readonly requests: number;
  /** Canary's bad requests by row; a fractional rate is spread evenly. */
  readonly bad: readonly number[];
  /** Primary's bad requests in a row. */
  readonly usual?: number;
}

function outlasts({ requests, bad, usual = 1 }: Traffic, intervalMs = INTERVAL_MS): boolean {
  const rows = bad.map(
    (each, index): PairCounts => ({
      canary: { total: requests, bad: Math.floor(each * (index + 1)) - Math.floor(each * index) },
      primary: { total: 9 * requests, bad: usual },
    }),
  );
  const recent = rows.reduce((seen, row) => observeRecent(seen, row, intervalMs), NOTHING_RECENT);
  return outlastsBurst(recent, ALLOWED, intervalMs);
}

function times(count: number, bad: number): number[] {
  return Array<number>(count).fill(bad);
}

describe("what outlasts a burst", () => {
  it("is not a giant one of up to a minute and a half, however large", () => {
    for (const rows of [1, 2, 4, 6]) {
      const story = [...times(40, 0.1), ...times(rows, 75)];
      for (let after = 0; after < 20; after++) {
        expect(outlasts({ requests: 150, bad: [...story, ...times(after, 0.1)] })).toBe(false);
      }
    }
  });

  it("is a regression that goes on, as soon as it has lasted longer", () => {
    const found = Array.from({ length: 12 }, (_, rows) =>
      outlasts({ requests: 150, bad: [...times(40, 0.1), ...times(rows, 8)] }),
    );
    expect(found.indexOf(true)).toBe(7);
    expect(found.slice(7)).not.toContain(false);
  });

  it("is one from the first row, after two minutes and a half", () => {
    expect(outlasts({ requests: 150, bad: times(10, 1.5) })).toBe(true);
  });

  it("is a mild one in many rows, and one of a quiet service", () => {
    expect(outlasts({ requests: 1_500, bad: times(120, 4), usual: 13 })).toBe(true);
    expect(outlasts({ requests: 1.5, bad: times(120, 0.15), usual: 0 })).toBe(true);
  });

  it("is one that comes and goes", () => {
    const wave = [...times(4, 30), ...times(16, 0.1)];
    expect(outlasts({ requests: 150, bad: [...wave, ...wave, ...wave] })).toBe(true);
  });

  it("is not what is allowed", () => {
    expect(outlasts({ requests: 1_500, bad: times(120, 2), usual: 13 })).toBe(false);
    expect(outlasts({ requests: 150, bad: times(120, 0.1), usual: 0 })).toBe(false);
  });

  it("takes two rows at least, whatever the interval", () => {
    expect(outlasts({ requests: 3_000, bad: [300] }, 300_000)).toBe(false);
    expect(outlasts({ requests: 3_000, bad: [300, 300] }, 300_000)).toBe(true);
  });
});
