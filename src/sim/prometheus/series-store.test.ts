import { describe, expect, it } from "vitest";
import { Labels } from "../promql/labels.ts";
import { parseSelector } from "../promql/parse.ts";
import { SeriesStore } from "./series-store.ts";

const A = Labels.of({ __name__: "m", pod: "a" });
const B = Labels.of({ __name__: "m", pod: "b" });

describe("SeriesStore", () => {
  it("finds series by name and by other labels, in the order in which they came", () => {
    const store = new SeriesStore();
    store.append(B, 1_000, 2);
    store.append(A, 1_000, 1);
    const found = (selector: string) =>
      store.select(parseSelector(selector)).map(({ labels }) => labels.get("pod"));
    expect(found("m")).toEqual(["b", "a"]);
    expect(found('{pod=~"b|c"}')).toEqual(["b"]);
    expect(found('m{missing=""}')).toEqual(["b", "a"]);
    expect(found("other")).toEqual([]);
  });

  it("takes samples in the order of time only, also after a staleness marker", () => {
    const store = new SeriesStore();
    expect(store.append(A, 2_000, 1)).toBe(true);
    expect(store.append(A, 2_000, 2)).toBe(false);
    expect(store.append(A, 1_000, 2)).toBe(false);
    store.markStale(A, 3_000);
    expect(store.append(A, 3_000, 2)).toBe(false);
    expect(store.append(A, 3_001, 3)).toBe(true);
    const [series] = store.select(parseSelector("m"));
    expect(series).toMatchObject({ times: [2_000, 3_001], values: [1, 3], staleTimes: [3_000] });
  });

  it("refuses new series beyond its bound and goes on with those it has", () => {
    const store = new SeriesStore({ retentionMs: 60_000, maxSeries: 1 });
    expect(store.append(A, 1_000, 1)).toBe(true);
    expect(store.append(B, 1_000, 1)).toBe(false);
    expect(store.append(A, 2_000, 1)).toBe(true);
    expect(store.seriesCount).toBe(1);
  });

  it("drops old samples, and series that have none left", () => {
    const store = new SeriesStore({ retentionMs: 60_000, maxSeries: 10 });
    store.append(B, 0, 1);
    for (let timeMs = 0; timeMs <= 200_000; timeMs += 5_000) store.append(A, timeMs, timeMs);
    expect(store.seriesCount).toBe(1);
    const [series] = store.select(parseSelector("m"));
    expect(series?.times.length).toBeLessThanOrEqual(1 + (60_000 * 1.25) / 5_000);
    expect(series?.times.at(-1)).toBe(200_000);
  });
});
