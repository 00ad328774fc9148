import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Dialect, PROMETHEUS_2, PROMETHEUS_3 } from "./dialect.ts";
import { Labels } from "./labels.ts";
import { RANGE_FUNCTIONS } from "./range-functions.ts";
import { Window } from "./window.ts";

const END_MS = 1_000_000;

function over(
  name: string,
  samples: readonly (readonly [timeMs: number, value: number])[],
  rangeMs: number,
  dialect: Dialect = PROMETHEUS_3,
): number | null {
  const window = new Window(
    Labels.empty,
    samples.map(([timeMs]) => timeMs),
    samples.map(([, value]) => value),
  );
  const span = { startMs: END_MS - rangeMs, endMs: END_MS, nowMs: END_MS, dialect };
  return RANGE_FUNCTIONS[name]?.(window, span, Number.NaN) ?? null;
}

/** Two to thirty samples of a counter that is reset now and then, anywhere in a window of 1 to 10 minutes. */
const counters = fc
  .record({
    rangeMs: fc.integer({ min: 60_000, max: 600_000 }),
    places: fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { minLength: 2, maxLength: 30 }),
    steps: fc.array(fc.integer({ min: -3, max: 100 }), { minLength: 30, maxLength: 30 }),
    first: fc.integer({ min: 0, max: 500 }),
  })
  .map(({ rangeMs, places, steps, first }) => {
    let total = first;
    const samples = places
      .toSorted((a, b) => a - b)
      .map((place, index) => {
        const step = steps[index] as number;
        if (index > 0) total = step < 0 ? -step : total + step;
        return [Math.round(END_MS - rangeMs + (place / 1_000) * rangeMs), total] as const;
      });
    return { rangeMs, samples };
  });

/** The definition in words: what was counted, at its average speed, over as much of the window as is covered. */
function increaseByDefinition(
  samples: readonly (readonly [number, number])[],
  rangeMs: number,
  order: "zero first" | "gap first",
): number {
  const times = samples.map(([time]) => time);
  let counted = 0;
  samples.forEach(([, value], index) => {
    const before = samples[index - 1]?.[1];
    if (before !== undefined) counted += value >= before ? value - before : value;
  });
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const gap = (last - first) / (samples.length - 1);
  const speed = counted / (last - first);
  const sinceZero = counted > 0 ? (samples[0]?.[1] ?? 0) / speed : Number.POSITIVE_INFINITY;
  const within = (missing: number) => (missing >= 1.1 * gap ? gap / 2 : missing);
  const missing = first - (END_MS - rangeMs);
  const before =
    order === "gap first" ? Math.min(within(missing), sinceZero) : within(Math.min(missing, sinceZero));
  return speed * (before + (last - first) + within(END_MS - last));
}

describe("increase and rate", () => {
  it.each([
    ["gap first", PROMETHEUS_3],
    ["zero first", PROMETHEUS_2],
  ] as const)("equal their definition on any counter (%s)", (order, dialect) => {
    fc.assert(
      fc.property(counters, ({ rangeMs, samples }) => {
        const expected = increaseByDefinition(samples, rangeMs, order);
        expect(over("increase", samples, rangeMs, dialect)).toBeCloseTo(expected, 6);
        expect(over("rate", samples, rangeMs, dialect)).toBeCloseTo(expected / (rangeMs / 1_000), 6);
      }),
    );
  });

  it("give the true speed of an even counter that covers the window", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1_000, max: 15_000 }),
        fc.nat(),
        (perScrape, gapMs, seed) => {
          const offset = seed % gapMs;
          const samples: [number, number][] = [];
          for (let time = END_MS - 60_000 + offset; time <= END_MS; time += gapMs) {
            samples.push([time, 1_000_000 + (perScrape * (time - offset)) / gapMs]);
          }
          expect(over("rate", samples, 60_000)).toBeCloseTo((perScrape * 1_000) / gapMs, 6);
        },
      ),
    );
  });

  it("need two samples", () => {
    expect(over("rate", [[END_MS - 1_000, 5]], 60_000)).toBeNull();
    expect(over("irate", [[END_MS - 1_000, 5]], 60_000)).toBeNull();
    expect(over("deriv", [[END_MS - 1_000, 5]], 60_000)).toBeNull();
  });

  it("never extend a counter to before it was zero", () => {
    const young = [
      [END_MS - 20_000, 1],
      [END_MS - 10_000, 11],
      [END_MS, 21],
    ] as const;
    expect(over("increase", young, 60_000)).toBeCloseTo(21, 9);
  });
});
