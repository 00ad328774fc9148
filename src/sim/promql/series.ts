import type { Matcher } from "./ast.ts";
import type { Labels } from "./labels.ts";

/**
 * A series as a store gives it. Times are milliseconds, ascending; `times` and `values` have the same length.
 * Staleness is a list of its own, because a JavaScript number cannot carry Prometheus' NaN with a payload: range
 * selectors never see markers, instant selectors ask whether one is newer than the last sample.
 */
export interface StoredSeries {
  readonly labels: Labels;
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** When the series was seen to have vanished, ascending. */
  readonly staleTimes: readonly number[];
}

/** Where the evaluator finds series. */
export interface Queryable {
  /** Every series that satisfies all matchers. Asked once per selector and query. */
  select(matchers: readonly Matcher[]): readonly StoredSeries[];
}

/** The number of items of an ascending list that are at most `limit`. */
export function countUpTo(times: readonly number[], limit: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
