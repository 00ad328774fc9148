import type { ArmTally } from "./counts.ts";

/** Numbers as people read them. No locale: the same verdict reads the same everywhere. */

/** 4510 is "4,510"; counts that a source extrapolated are rounded. */
export function count(value: number): string {
  const digits = Math.round(value).toString();
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A fraction as a percentage with three significant digits at least: 0.0102 is "1.02 %", 0.9995 is "99.95 %". */
export function percentage(fraction: number): string {
  const percent = fraction * 100;
  const digits = Math.abs(percent) >= 99.9 && percent < 100 ? 3 : 2;
  return `${trim(percent.toFixed(digits))} %`;
}

/** Milliseconds: "212 ms", "1.25 s". */
export function milliseconds(valueMs: number): string {
  return valueMs >= 10_000 ? `${trim((valueMs / 1000).toFixed(1))} s` : `${trim(valueMs.toPrecision(3))} ms`;
}

/** A value in a unit that we do not know: four significant digits. */
export function plain(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? value.toString() : trim(value.toPrecision(4));
}

/** "1.02 % (46/4,510)". */
export function share(tally: ArmTally): string {
  return `${percentage(tally.total > 0 ? tally.bad / tally.total : 0)} (${count(tally.bad)}/${count(tally.total)})`;
}

/** Time of day in UTC: "14:02 UTC". */
export function timeOfDay(atMs: number): string {
  const minutes = Math.floor(atMs / 60_000) % 1_440;
  const wrapped = minutes < 0 ? minutes + 1_440 : minutes;
  return `${two(Math.floor(wrapped / 60))}:${two(wrapped % 60)} UTC`;
}

function two(value: number): string {
  return value.toString().padStart(2, "0");
}

function trim(text: string): string {
  if (text.includes("e")) return Number(text).toString();
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
