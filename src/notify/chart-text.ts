import type { EvidenceChart } from "../api/notification.ts";
import { clockTime } from "../lib/time.ts";

/** An arm of a chart as a line of blocks with its numbers: "▁▂▅█", "7.3 now, 9.1 at most". */
export interface ArmLine {
  readonly arm: "canary" | "primary";
  readonly blocks: string;
  readonly numbers: string;
}

const BLOCKS = "▁▂▃▄▅▆▇█";
const GAP = "·";
/** More blocks wrap on a phone. */
const MAX_BLOCKS = 28;

/** Below this an error rate is drawn as the calm that it is, however it wiggles. Percent. */
const CALM_PERCENT = 1;

/** "error rate in %, 14:02:10 to 14:20:10 UTC". */
export function chartTitle({ title, unit, fromMs, toMs }: EvidenceChart): string {
  const inUnit = unit === "" ? "" : ` in ${unit}`;
  return `${title}${inUnit}, ${clockTime(fromMs)} to ${clockTime(toMs)} UTC`;
}

/** Canary above primary, on one scale from 0 to the greatest value of both. */
export function chartLines(chart: EvidenceChart): readonly [ArmLine, ArmLine] {
  const arms = { canary: thinned(chart.canary), primary: thinned(chart.primary) };
  const floor = chart.unit === "%" ? CALM_PERCENT : 0;
  const top = Math.max(floor, ...numbersOf(arms.canary), ...numbersOf(arms.primary));
  const lineOf = (arm: ArmLine["arm"]): ArmLine => ({
    arm,
    blocks: arms[arm].map((value) => blockOf(value, top)).join(""),
    numbers: summary(chart[arm]),
  });
  return [lineOf("canary"), lineOf("primary")];
}

/** For a block of fixed-width text. */
export function chartText(chart: EvidenceChart): string {
  const lines = chartLines(chart).map(({ arm, blocks, numbers }) => `${arm.padEnd(7)} ${blocks}  ${numbers}`);
  return [chartTitle(chart), ...lines].join("\n");
}

function blockOf(value: number | null, top: number): string {
  if (value === null) return GAP;
  const level = top > 0 ? Math.round((Math.max(0, value) / top) * (BLOCKS.length - 1)) : 0;
  return BLOCKS[level] ?? GAP;
}

/** The greatest of neighbours, so that a spike stays. */
function thinned(values: readonly (number | null)[]): readonly (number | null)[] {
  const each = Math.ceil(values.length / MAX_BLOCKS);
  if (each <= 1) return values;
  return Array.from({ length: Math.ceil(values.length / each) }, (_, i) => {
    const group = numbersOf(values.slice(i * each, (i + 1) * each));
    return group.length === 0 ? null : Math.max(...group);
  });
}

function summary(values: readonly (number | null)[]): string {
  const numbers = numbersOf(values);
  const last = numbers.at(-1);
  return last === undefined ? "no requests" : `${short(last)} now, ${short(Math.max(...numbers))} at most`;
}

function numbersOf(values: readonly (number | null)[]): readonly number[] {
  return values.filter((value) => value !== null);
}

/** Three significant digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
