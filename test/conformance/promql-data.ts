import { Prng } from "../../src/lib/prng.ts";
import { SeriesStore } from "../../src/sim/prometheus/series-store.ts";
import { Labels, METRIC_NAME } from "../../src/sim/promql/labels.ts";

/** All samples lie within this half hour, so that a real Prometheus keeps them in its head block. */
export const START_MS = Date.UTC(2026, 0, 5, 9, 0, 0);
export const END_MS = START_MS + 1_800_000;
const SCRAPE_MS = 15_000;

/** Series with what makes PromQL hard: resets, late starts, gaps, vanished series, NaN and infinities. */
export function awkwardSeries(): SeriesStore {
  const store = new SeriesStore();
  const random = new Prng(7);
  for (const [pod, zone] of [
    ["a", "x"],
    ["b", "x"],
    ["c", "y"],
  ] as const) {
    const offsetMs = random.integer(0, SCRAPE_MS - 1);
    counters(store, random, { pod, zone }, offsetMs);
    histogram(store, random, { pod, zone }, offsetMs);
    fill(store, { [METRIC_NAME]: "gauge", pod, zone }, offsetMs, () => random.integer(0, 10_000) / 100);
    fill(store, { [METRIC_NAME]: "steady", pod, zone: "x" }, offsetMs, () => (pod === "c" ? 4 : 2));
  }
  fill(store, { [METRIC_NAME]: "owner", zone: "x", team: "red" }, 100, () => 1);
  fill(store, { [METRIC_NAME]: "owner", zone: "y", team: "blue" }, 100, () => 1);
  odd(store);
  gaps(store);
  return store;
}

function counters(
  store: SeriesStore,
  random: Prng,
  labels: Readonly<Record<string, string>>,
  offsetMs: number,
): void {
  for (const code of ["200", "500"]) {
    let total = random.integer(0, 1_000);
    fill(store, { [METRIC_NAME]: "requests_total", code, ...labels }, offsetMs, () => {
      total = random.chance(0.02)
        ? random.integer(0, 5)
        : total + random.integer(0, code === "200" ? 100 : 3);
      return total;
    });
  }
  let young = 0;
  const born = START_MS + random.integer(5, 15) * 60_000;
  fill(store, { [METRIC_NAME]: "young_total", ...labels }, offsetMs, (timeMs) => {
    if (timeMs < born) return null;
    young += random.integer(0, 20);
    return young;
  });
}

function histogram(
  store: SeriesStore,
  random: Prng,
  labels: Readonly<Record<string, string>>,
  offsetMs: number,
): void {
  const bounds = ["0.5", "1", "5", "10", "25", "+Inf"];
  const totals = bounds.map(() => 0);
  const series = bounds.map((le) => Labels.of({ [METRIC_NAME]: "duration_bucket", le, ...labels }));
  for (let timeMs = START_MS + offsetMs; timeMs <= END_MS; timeMs += SCRAPE_MS) {
    let added = 0;
    bounds.forEach((_, index) => {
      added += random.integer(0, 10);
      totals[index] = (totals[index] as number) + added;
      store.append(series[index] as Labels, timeMs, totals[index] as number);
    });
  }
}

function odd(store: SeriesStore): void {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1.5, 1e30, 1e-9];
  for (const kind of ["nan", "inf", "mixed", "tiny"]) {
    let index = 0;
    fill(store, { [METRIC_NAME]: "odd", kind }, 0, () => {
      index += 1;
      if (kind === "nan") return Number.NaN;
      if (kind === "inf") return Number.POSITIVE_INFINITY;
      return kind === "tiny" ? 1e-9 * index : (values[index % values.length] as number);
    });
  }
}

/** A counter that is missed for minutes at a time, and a gauge that comes and goes with staleness markers. */
function gaps(store: SeriesStore): void {
  let total = 0;
  fill(store, { [METRIC_NAME]: "gappy", pod: "a" }, 2_000, (timeMs) => {
    total += 7;
    return Math.floor((timeMs - START_MS) / 240_000) % 2 === 0 ? total : null;
  });
  const vanishing = { [METRIC_NAME]: "vanishing", pod: "a" };
  const labels = Labels.of(vanishing);
  let marked = false;
  fill(store, vanishing, 3_000, (timeMs) => {
    const isThere = Math.floor((timeMs - START_MS) / 200_000) % 2 === 0;
    if (!isThere && !marked) store.markStale(labels, timeMs);
    marked = !isThere;
    return isThere ? timeMs % 1_000_000 : null;
  });
}

function fill(
  store: SeriesStore,
  labels: Readonly<Record<string, string>>,
  offsetMs: number,
  value: (timeMs: number) => number | null,
): void {
  const complete = Labels.of(labels);
  for (let timeMs = START_MS + offsetMs; timeMs <= END_MS; timeMs += SCRAPE_MS) {
    const sample = value(timeMs);
    if (sample !== null) store.append(complete, timeMs, sample);
  }
}
