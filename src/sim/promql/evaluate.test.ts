import { describe, expect, it } from "vitest";
import { SeriesStore } from "../prometheus/series-store.ts";
import { PROMETHEUS_2 } from "./dialect.ts";
import { DEFAULT_OPTIONS } from "./evaluate.ts";
import { Labels } from "./labels.ts";
import { formatFloat, parseFloatText } from "./number-text.ts";
import { parseQuery } from "./parse.ts";
import { instantQuery, rangeQuery } from "./query.ts";

/** `m` from 0 to 60 s, a sample every 15 s with the second as its value; marked stale at 70 s. */
function minute(): SeriesStore {
  const store = new SeriesStore();
  const labels = Labels.of({ __name__: "m" });
  for (let second = 0; second <= 60; second += 15) store.append(labels, second * 1_000, second);
  store.markStale(labels, 70_000);
  return store;
}

function value(query: string, second: number, options = DEFAULT_OPTIONS): number | null {
  const result = instantQuery(minute(), parseQuery(query), second * 1_000, options);
  return result.type === "vector" ? (result.samples[0]?.value ?? null) : null;
}

describe("the evaluator", () => {
  it("leaves the left end of a window out, as Prometheus 3 does, unless told otherwise", () => {
    const two = { ...DEFAULT_OPTIONS, dialect: PROMETHEUS_2 };
    expect(value("count_over_time(m[1m])", 60)).toBe(4);
    expect(value("count_over_time(m[1m])", 60, two)).toBe(5);
    expect(value("count_over_time(m[30s:15s])", 60)).toBe(2);
    expect(value("count_over_time(m[30s:15s])", 60, two)).toBe(3);
  });

  it("looks back five minutes for a sample, but not beyond a staleness marker", () => {
    expect(value("m", 69)).toBe(60);
    expect(value("m", 70)).toBeNull();
    expect(value("m offset 10s", 79)).toBe(60);
    expect(value("last_over_time(m[1m])", 100)).toBe(60);
    const store = new SeriesStore();
    store.append(Labels.of({ __name__: "m" }), 0, 1);
    const found = (second: number) => {
      const result = instantQuery(store, parseQuery("m"), second * 1_000);
      return result.type === "vector" ? result.samples.length : null;
    };
    expect([found(299), found(300)]).toEqual([1, 0]);
  });

  it("stops a query that looks at too many samples", () => {
    const options = { ...DEFAULT_OPTIONS, maxSamples: 3 };
    expect(() => value("count_over_time(m[1m])", 60, options)).toThrow("too many samples");
  });

  it("refuses a range query of a range vector", () => {
    const range = { startMs: 0, endMs: 1, stepMs: 1 };
    expect(() => rangeQuery(minute(), parseQuery("m[1m]"), range)).toThrow(
      'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    );
  });

  it("leaves out the steps at which a series has no value", () => {
    const range = { startMs: 45_000, endMs: 90_000, stepMs: 15_000 };
    expect(rangeQuery(minute(), parseQuery("m"), range)[0]?.points).toEqual([
      [45_000, 45],
      [60_000, 60],
    ]);
  });
});

describe("numbers as text", () => {
  it.each([
    [1e21, "1000000000000000000000"],
    [1.5e-7, "0.00000015"],
    [-1e30, "-1000000000000000000000000000000"],
    [123.25, "123.25"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
  ])("%d is written %s and read back", (number, text) => {
    expect(formatFloat(number)).toBe(text);
    expect(parseFloatText(text)).toEqual(number);
  });

  it("are not read from anything else", () => {
    expect(["", "abc", "1x", "0x10", "--1"].map(parseFloatText)).toEqual([null, null, null, null, null]);
  });
});
