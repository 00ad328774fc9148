const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** What a duration string looks like: `500ms`, `30s`, `1h30m`. Also the pattern in the CRD. */
export const DURATION_PATTERN = "^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";

const PARTS = /(\d+)(ms|s|m|h)/g;

/** Milliseconds of a duration string such as `1h30m`; null when it is not one. */
export function parseDuration(text: string): number | null {
  if (text === "" || !new RegExp(DURATION_PATTERN).test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PARTS)) total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  return total;
}

/** The shortest exact text for a duration: 90000 is `1m30s`, 250 is `250ms`, 0 is `0s`. */
export function formatDuration(durationMs: number): string {
  let rest = Math.max(0, Math.round(durationMs));
  if (rest === 0) return "0s";
  let text = "";
  for (const unit of ["h", "m", "s", "ms"]) {
    const size = UNIT_MS[unit] ?? 1;
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text;
}

/** For people: seconds at least, two units at most: `4m10s`, `2h5m`, `0s`. */
export function roughDuration(durationMs: number): string {
  if (durationMs >= 3_600_000) return formatDuration(Math.floor(durationMs / 60_000) * 60_000);
  return formatDuration(Math.floor(durationMs / 1_000) * 1_000);
}
