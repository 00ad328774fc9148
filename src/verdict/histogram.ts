/** A cumulative histogram of response times, sorted: `counts[i]` requests took at most `boundsMs[i]`. */
export interface Histogram {
  readonly boundsMs: readonly number[];
  readonly counts: readonly number[];
  /** All requests: the count of the +Inf bucket, which may differ from the request counter of the same interval. */
  readonly total: number;
}

/** Null when there is no +Inf bucket, or when counts fall or are negative: a counter was reset in the interval. */
export function toHistogram(buckets: Readonly<Record<string, number>> | null): Histogram | null {
  if (buckets === null) return null;
  const total = buckets["+Inf"];
  if (total === undefined || !(total >= 0)) return null;
  const bounds = Object.keys(buckets)
    .filter((bound) => bound !== "+Inf")
    .map((text) => ({ boundMs: Number(text), count: buckets[text] as number }))
    .sort((a, b) => a.boundMs - b.boundMs);
  let previous = 0;
  for (const { count } of bounds) {
    // A source that extrapolates rounds each bucket on its own: allow for the last digits.
    if (!(count >= previous - 1e-6 * total)) return null;
    previous = count;
  }
  if (previous > total * (1 + 1e-6)) return null;
  return {
    boundsMs: bounds.map((b) => b.boundMs),
    counts: bounds.map((b) => Math.min(b.count, total)),
    total,
  };
}

/** Requests that took longer than a bound of this histogram; null when it has no such bound. */
export function slowerThan(histogram: Histogram, boundMs: number): number | null {
  const index = histogram.boundsMs.indexOf(boundMs);
  return index < 0 ? null : Math.max(0, histogram.total - (histogram.counts[index] as number));
}

/** The smallest bound that is at least this long; null when only +Inf is. */
export function boundAtLeast(histogram: Histogram, limitMs: number): number | null {
  return histogram.boundsMs.find((bound) => bound >= limitMs) ?? null;
}

/** Sum of two histograms over the bounds that both have. */
export function addHistograms(a: Histogram | null, b: Histogram): Histogram {
  if (a === null) return b;
  const boundsMs = a.boundsMs.filter((bound) => b.boundsMs.includes(bound));
  const counts = boundsMs.map((bound) => countAt(a, bound) + countAt(b, bound));
  return { boundsMs, counts, total: a.total + b.total };
}

function countAt(histogram: Histogram, boundMs: number): number {
  return histogram.counts[histogram.boundsMs.indexOf(boundMs)] as number;
}

/**
 * The quantile (0 to 1), interpolated within its bucket as PromQL's histogram_quantile does; null when empty. Beyond the
 * last bound it is that bound. For people to read: no verdict is made from it.
 */
export function quantile(histogram: Histogram, fraction: number): number | null {
  const { boundsMs, counts, total } = histogram;
  if (total === 0 || boundsMs.length === 0) return null;
  const rank = fraction * total;
  const index = counts.findIndex((count) => count >= rank);
  if (index < 0) return boundsMs.at(-1) ?? null;
  const lowerMs = index === 0 ? 0 : (boundsMs[index - 1] as number);
  const below = index === 0 ? 0 : (counts[index - 1] as number);
  const inside = (counts[index] as number) - below;
  return lowerMs + ((boundsMs[index] as number) - lowerMs) * (inside > 0 ? (rank - below) / inside : 1);
}
