const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;

/** Up to `below`, a duration is shown in `unit`s, with the rest in `rest` units where there is one. */
interface Scale {
  readonly below: number;
  readonly unit: readonly [ms: number, suffix: string];
  readonly rest?: readonly [ms: number, suffix: string];
}

const SCALES: readonly Scale[] = [
  { below: 2 * MINUTE_MS, unit: [SECOND_MS, "s"] },
  { below: 10 * MINUTE_MS, unit: [MINUTE_MS, "m"], rest: [SECOND_MS, "s"] },
  { below: 3 * HOUR_MS, unit: [MINUTE_MS, "m"] },
  { below: 8 * HOUR_MS, unit: [HOUR_MS, "h"], rest: [MINUTE_MS, "m"] },
  { below: 2 * DAY_MS, unit: [HOUR_MS, "h"] },
  { below: 8 * DAY_MS, unit: [DAY_MS, "d"], rest: [HOUR_MS, "h"] },
  { below: 2 * YEAR_MS, unit: [DAY_MS, "d"] },
  { below: 8 * YEAR_MS, unit: [YEAR_MS, "y"], rest: [DAY_MS, "d"] },
  { below: Number.POSITIVE_INFINITY, unit: [YEAR_MS, "y"] },
];

/** `5s`, `3m20s`, `2d`: how kubectl shows ages (k8s.io/apimachinery/pkg/util/duration, HumanDuration). */
export function humanDuration(durationMs: number): string {
  // Clocks of two machines may differ by a little; a time that lies further ahead is an error.
  if (durationMs <= -2 * SECOND_MS) return "<invalid>";
  if (durationMs < 0) return "0s";
  for (const { below, unit, rest } of SCALES) {
    if (durationMs >= below) continue;
    const whole = Math.floor(durationMs / unit[0]);
    const part = rest === undefined ? 0 : Math.floor((durationMs % unit[0]) / rest[0]);
    return part === 0 ? `${whole}${unit[1]}` : `${whole}${unit[1]}${part}${rest?.[1]}`;
  }
  return "<invalid>";
}

/** How long ago an RFC 3339 time was; `<unknown>` when there is none. */
export function timeSince(timestamp: unknown, nowMs: number): string {
  if (typeof timestamp !== "string" || timestamp === "") return "<unknown>";
  const atMs = Date.parse(timestamp);
  return Number.isNaN(atMs) ? "<invalid>" : humanDuration(nowMs - atMs);
}
