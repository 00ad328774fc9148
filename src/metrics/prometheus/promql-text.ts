/** A PromQL string literal. */
export function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

/** A regular expression, as a string literal, that matches exactly the given texts. */
export function anyOf(texts: readonly string[]): string {
  const escaped = texts.map((text) => text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&"));
  return quoted([...new Set(escaped)].sort().join("|"));
}

/** A duration in PromQL; whole milliseconds. */
export function promDuration(durationMs: number): string {
  return durationMs % 1_000 === 0 ? `${durationMs / 1_000}s` : `${durationMs}ms`;
}

/** How long a series may have been unseen and still be known: a longer gap counts as a new series. */
export const MEMORY_MS = 600_000;

/**
 * By how much each series of a counter has grown within the interval that ends at the evaluation time: exactly, not
 * extrapolated like increase(), so that consecutive intervals add up to the counter itself.
 *
 * - before: the newest sample at or before the interval's start, even one that was followed by a staleness marker, so
 *   that what was counted during a scrape gap lands in the first interval after it and nothing is lost or doubled;
 * - a series without one is new, and one below its former value was reset: both have grown from 0 (`or counter`);
 * - a series that is gone at the end of the interval has no value: what it counted after the interval began is lost.
 *
 * Not seen: growth between a series' last sample before a reset and the reset; and a counter that had run before
 * Prometheus first saw it, or was unseen for longer than MEMORY_MS, counts whole in one interval.
 */
export function increments(selector: string, intervalMs: number): string {
  const before = `last_over_time(${selector}[${promDuration(MEMORY_MS)}] offset ${promDuration(intervalMs)})`;
  return `((${selector} - ${before}) >= 0 or ${selector})`;
}
