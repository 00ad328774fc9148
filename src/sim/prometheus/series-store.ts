import type { Matcher } from "../promql/ast.ts";
import { type Labels, METRIC_NAME } from "../promql/labels.ts";
import type { Queryable, StoredSeries } from "../promql/series.ts";

export interface StoreLimits {
  /** Samples older than this, counted from the newest append, are dropped. */
  readonly retentionMs: number;
  /** Appends that would make one more series than this are refused. */
  readonly maxSeries: number;
}

export const DEFAULT_LIMITS: StoreLimits = { retentionMs: 2 * 3_600_000, maxSeries: 500_000 };

interface Series extends StoredSeries {
  readonly times: number[];
  readonly values: number[];
  readonly staleTimes: number[];
}

interface Selection {
  /** Another list when series of this name have gone. */
  readonly namesakes: readonly Series[];
  /** How many of them have been looked at. */
  looked: number;
  readonly found: Series[];
}

const NONE: readonly Series[] = [];

/**
 * Time series in memory. Samples of one series come in the order of their times: an older one than the newest is
 * refused, an equally old one is ignored, as Prometheus does with out-of-order samples.
 */
export class SeriesStore implements Queryable {
  readonly #limits: StoreLimits;
  readonly #byKey = new Map<string, Series>();
  readonly #byName = new Map<string, Series[]>();
  /** What the matchers of a query found so far; only series that came since are looked at again. */
  readonly #selections = new WeakMap<readonly Matcher[], Selection>();
  #newestMs = Number.NEGATIVE_INFINITY;
  #prunedAtMs = Number.NEGATIVE_INFINITY;

  constructor(limits: StoreLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  get seriesCount(): number {
    return this.#byKey.size;
  }

  /** Tells whether the sample was taken. */
  append(labels: Labels, timeMs: number, value: number): boolean {
    const series = this.#byKey.get(labels.key) ?? this.#created(labels);
    if (series === null || !isNewer(series, timeMs)) return false;
    series.times.push(timeMs);
    series.values.push(value);
    this.#advance(timeMs);
    return true;
  }

  /** Says that a series is gone: from `timeMs` on instant selectors no longer find it, until its next sample. */
  markStale(labels: Labels, timeMs: number): void {
    const series = this.#byKey.get(labels.key);
    if (series !== undefined && isNewer(series, timeMs)) series.staleTimes.push(timeMs);
  }

  /** In the order in which the series came. */
  select(matchers: readonly Matcher[]): readonly StoredSeries[] {
    const name = matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.operator === "=");
    if (name === undefined) return [...this.#byKey.values()].filter((series) => satisfies(series, matchers));
    const namesakes = this.#byName.get(name.value) ?? NONE;
    let selection = this.#selections.get(matchers);
    if (selection?.namesakes !== namesakes) {
      selection = { namesakes, looked: 0, found: [] };
      this.#selections.set(matchers, selection);
    }
    for (; selection.looked < namesakes.length; selection.looked += 1) {
      const series = namesakes[selection.looked] as Series;
      if (satisfies(series, matchers)) selection.found.push(series);
    }
    return selection.found;
  }

  all(): Iterable<StoredSeries> {
    return this.#byKey.values();
  }

  #created(labels: Labels): Series | null {
    if (this.#byKey.size >= this.#limits.maxSeries) return null;
    const series: Series = { labels, times: [], values: [], staleTimes: [] };
    this.#byKey.set(labels.key, series);
    const name = labels.get(METRIC_NAME);
    const namesakes = this.#byName.get(name);
    if (namesakes === undefined) this.#byName.set(name, [series]);
    else namesakes.push(series);
    return series;
  }

  /** Old samples go in batches of a quarter of the retention, so that an append costs nothing most of the time. */
  #advance(timeMs: number): void {
    this.#newestMs = Math.max(this.#newestMs, timeMs);
    if (this.#prunedAtMs === Number.NEGATIVE_INFINITY) this.#prunedAtMs = timeMs;
    if (this.#newestMs - this.#prunedAtMs < this.#limits.retentionMs / 4) return;
    this.#prunedAtMs = this.#newestMs;
    const oldest = this.#newestMs - this.#limits.retentionMs;
    const thinned = new Set<string>();
    for (const [key, series] of this.#byKey) {
      const old = countBefore(series.times, oldest);
      series.times.splice(0, old);
      series.values.splice(0, old);
      series.staleTimes.splice(0, countBefore(series.staleTimes, oldest));
      if (series.times.length > 0) continue;
      this.#byKey.delete(key);
      thinned.add(series.labels.get(METRIC_NAME));
    }
    for (const name of thinned) {
      this.#byName.set(
        name,
        (this.#byName.get(name) ?? []).filter(({ labels }) => this.#byKey.has(labels.key)),
      );
    }
  }
}

function satisfies({ labels }: Series, matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)));
}

function isNewer(series: Series, timeMs: number): boolean {
  const last = series.times.at(-1) ?? Number.NEGATIVE_INFINITY;
  const stale = series.staleTimes.at(-1) ?? Number.NEGATIVE_INFINITY;
  return timeMs > last && timeMs > stale;
}

function countBefore(times: readonly number[], limit: number): number {
  const index = times.findIndex((time) => time >= limit);
  return index < 0 ? times.length : index;
}
