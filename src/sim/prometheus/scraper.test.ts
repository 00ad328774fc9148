import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { parseQuery, parseSelector } from "../promql/parse.ts";
import { instantQuery } from "../promql/query.ts";
import { type ScrapedSample, Scraper } from "./scraper.ts";
import { SeriesStore } from "./series-store.ts";

function world() {
  const clock = new VirtualClock();
  const store = new SeriesStore();
  const scraper = new Scraper(clock, store, 10_000);
  const values = (query: string) => {
    const result = instantQuery(store, parseQuery(query), clock.now());
    return result.type === "vector" ? result.samples.map(({ value }) => value) : [];
  };
  return { clock, store, scraper, values };
}

describe("Scraper", () => {
  it("marks a series stale that is missing from a scrape, and only that one", async () => {
    const { clock, scraper, values } = world();
    let samples: ScrapedSample[] = [
      { name: "m", labels: { code: "200" }, value: 1 },
      { name: "m", labels: { code: "500" }, value: 2 },
    ];
    scraper.register({ labels: { instance: "a" }, collect: () => samples });
    await clock.advance(10_000);
    expect(values("m")).toEqual([1, 2]);
    samples = samples.slice(1);
    await clock.advance(10_000);
    expect(values("m")).toEqual([2]);
  });

  it("spreads targets over the interval, each always at its own point", async () => {
    const { clock, store, scraper } = world();
    for (let n = 0; n < 20; n++) {
      scraper.register({ labels: { instance: `pod-${n}` }, collect: () => [] });
    }
    await clock.advance(35_000);
    const points = store.select(parseSelector("up")).map(({ times }) => times.map((time) => time % 10_000));
    expect(points.every(([first, ...rest]) => rest.every((point) => point === first))).toBe(true);
    expect(new Set(points.flat()).size).toBeGreaterThan(15);
    expect(points.every(({ length }) => length === 3 || length === 4)).toBe(true);
  });

  it("lets the target's labels win, so that no page can speak for another", async () => {
    const { clock, store, scraper } = world();
    scraper.register({
      labels: { instance: "a" },
      collect: () => [{ name: "m", labels: { instance: "b" }, value: 1 }],
    });
    await clock.advance(10_000);
    expect(store.select(parseSelector("m")).map(({ labels }) => labels.get("instance"))).toEqual(["a"]);
  });

  it("stops", async () => {
    const { clock, scraper, store } = world();
    scraper.register({ labels: { instance: "a" }, collect: () => [] });
    await clock.advance(10_000);
    const before = store.select(parseSelector("up"))[0]?.times.length;
    scraper.stop();
    await clock.advance(60_000);
    expect(store.select(parseSelector("up"))[0]?.times.length).toBe(before);
  });
});
