import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeriesStore } from "../../sim/prometheus/series-store.ts";
import { Labels, METRIC_NAME } from "../../sim/promql/labels.ts";
import { parseQuery, parseSelector } from "../../sim/promql/parse.ts";
import { rangeQuery } from "../../sim/promql/query.ts";
import { anyOf, increments, promDuration, quoted } from "./promql-text.ts";

const INTERVAL_MS = 15_000;
const ROWS = 20;

interface Scrape {
  readonly timeMs: number;
  readonly value: number;
}

/** A counter's life: it grows, is restarted (never to a higher value at once), and is sometimes not scraped. */
const lives = fc
  .array(
    fc.record({
      gapMs: fc.integer({ min: 1_000, max: 60_000 }),
      growth: fc.integer({ min: 0, max: 50 }),
      restarts: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((steps) => {
    const scrapes: Scrape[] = [];
    let [timeMs, value] = [0, 0];
    for (const { gapMs, growth, restarts } of steps) {
      timeMs += gapMs;
      value = restarts && value > 0 ? Math.min(growth, value - 1) : value + growth;
      scrapes.push({ timeMs, value });
    }
    return scrapes;
  });

function stored(lifes: readonly (readonly Scrape[])[]): SeriesStore {
  const store = new SeriesStore();
  lifes.forEach((scrapes, pod) => {
    const labels = Labels.of({ [METRIC_NAME]: "m", pod: String(pod) });
    for (const { timeMs, value } of scrapes) store.append(labels, timeMs, value);
  });
  return store;
}

/** Per row, the sum over all series. */
function rowsOf(store: SeriesStore): number[] {
  const query = parseQuery(`sum(${increments("m", INTERVAL_MS)})`);
  const range = { startMs: INTERVAL_MS, endMs: ROWS * INTERVAL_MS, stepMs: INTERVAL_MS };
  const points = rangeQuery(store, query, range)[0]?.points ?? [];
  return Array.from(
    { length: ROWS },
    (_, row) => points.find(([timeMs]) => timeMs === (row + 1) * INTERVAL_MS)?.[1] ?? 0,
  );
}

/** What an observer sees who looks at the newest sample at the end of each interval. */
function grownByDefinition(scrapes: readonly Scrape[], row: number): number {
  const at = (timeMs: number) => scrapes.findLast((scrape) => scrape.timeMs <= timeMs)?.value;
  const now = at((row + 1) * INTERVAL_MS);
  const before = at(row * INTERVAL_MS) ?? 0;
  if (now === undefined) return 0;
  return now >= before ? now - before : now;
}

describe("increments", () => {
  it("equal their definition for any counters", () => {
    fc.assert(
      fc.property(fc.array(lives, { minLength: 1, maxLength: 4 }), (lifes) => {
        const expected = Array.from({ length: ROWS }, (_, row) =>
          lifes.reduce((sum, scrapes) => sum + grownByDefinition(scrapes, row), 0),
        );
        expect(rowsOf(stored(lifes))).toEqual(expected);
      }),
    );
  });

  it("add up to the counter when it is never restarted, wherever scrapes fall", () => {
    fc.assert(
      fc.property(fc.array(lives, { minLength: 1, maxLength: 4 }), (lifes) => {
        const steady = lifes.map((scrapes) => {
          let value = 0;
          return scrapes.map((scrape) => {
            value += scrape.value % 50;
            return { timeMs: scrape.timeMs, value };
          });
        });
        const endMs = ROWS * INTERVAL_MS;
        const total = steady.reduce(
          (sum, scrapes) => sum + (scrapes.findLast(({ timeMs }) => timeMs <= endMs)?.value ?? 0),
          0,
        );
        expect(rowsOf(stored(steady)).reduce((a, b) => a + b, 0)).toBe(total);
      }),
    );
  });

  it("forget a series that was unseen for longer than ten minutes, and count it whole when it is back", () => {
    const labels = Labels.of({ [METRIC_NAME]: "m" });
    const back = (gapMs: number) => {
      const store = new SeriesStore();
      store.append(labels, 0, 100);
      store.append(labels, gapMs, 103);
      const range = { startMs: gapMs, endMs: gapMs, stepMs: 1 };
      return rangeQuery(store, parseQuery(increments("m", INTERVAL_MS)), range)[0]?.points[0]?.[1];
    };
    expect(back(600_000)).toBe(3);
    expect(back(616_000)).toBe(103);
  });
});

describe("PromQL as text", () => {
  it("matches exactly the texts that it was made of, whatever is in them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, unit: "binary-ascii" }), { minLength: 1, maxLength: 5 }),
        fc.string(),
        (texts, other) => {
          const [matcher] = parseSelector(`{a=~${anyOf(texts)}}`);
          expect(texts.every((text) => matcher?.matches(text))).toBe(true);
          expect(matcher?.matches(other)).toBe(texts.includes(other));
        },
      ),
      { examples: [[["\\z"], ""]] },
    );
  });

  it("quotes any text", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (text) => {
        expect(parseSelector(`{a=${quoted(text)}}`)[0]?.value).toBe(text);
      }),
    );
  });

  it("writes durations in seconds where they are whole", () => {
    expect([15_000, 1_500, 600_000].map(promDuration)).toEqual(["15s", "1500ms", "600s"]);
  });
});
