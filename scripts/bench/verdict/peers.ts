import type { ArmCounts } from "../../../src/api/evidence.ts";
import { quantile, slowerThan, toHistogram } from "../../../src/verdict/histogram.ts";
import type { TraceRow } from "./world.ts";

/** Rules of other tools, on the same traces, one look a minute. Rows of history are not theirs to see. */
export type Rule = (minutes: readonly Minute[]) => Ruling;

export interface Ruling {
  readonly result: "pass" | "fail";
  readonly atMs: number;
}

export interface Minute {
  readonly endMs: number;
  readonly canary: ArmCounts | null;
  readonly primary: ArmCounts | null;
}

const ROWS_A_MINUTE = 4;
const LEAST_SUCCESS = 0.99;
const MOST_P99_MS = 500;

export function toMinutes(rows: readonly TraceRow[]): readonly Minute[] {
  const run = rows.filter((row) => row.endMs > 0);
  return Array.from({ length: Math.floor(run.length / ROWS_A_MINUTE) }, (_, minute) => {
    const part = run.slice(minute * ROWS_A_MINUTE, (minute + 1) * ROWS_A_MINUTE);
    return {
      endMs: part.at(-1)?.endMs ?? 0,
      canary: sum(part.map((row) => row.canary)),
      primary: sum(part.map((row) => row.primary)),
    };
  });
}

function sum(arms: readonly (ArmCounts | null)[]): ArmCounts | null {
  const seen = arms.filter((arm) => arm !== null);
  const [first] = seen;
  if (first === undefined) return null;
  return seen.slice(1).reduce(
    (total, arm) => ({
      requests: total.requests + arm.requests,
      errors: total.errors + arm.errors,
      latencyMs: Object.fromEntries(
        Object.entries(total.latencyMs ?? {}).map(([le, n]) => [le, n + (arm.latencyMs?.[le] ?? 0)]),
      ),
    }),
    first,
  );
}

/** Success below 99 %, p99 above 500 ms, or no values at all: what both templates check by default. */
function breaks({ canary }: Minute): boolean {
  if (canary === null || canary.requests === 0) return true;
  const histogram = toHistogram(canary.latencyMs);
  const p99Ms = histogram === null ? null : quantile(histogram, 0.99);
  return 1 - canary.errors / canary.requests < LEAST_SUCCESS || (p99Ms !== null && p99Ms > MOST_P99_MS);
}

/** Flagger: rolls back when `threshold` checks have failed, counted over the whole analysis. */
export const flagger: Rule = (minutes) => nthBreak(minutes, 5);

/** Argo Rollouts: failureLimit 0, the first bad measurement aborts. */
export const argo: Rule = (minutes) => nthBreak(minutes, 1);

function nthBreak(minutes: readonly Minute[], n: number): Ruling {
  const broken = minutes.filter(breaks)[n - 1];
  return broken === undefined ? passed(minutes) : { result: "fail", atMs: broken.endMs };
}

/** A two-proportion z-test at 5 %, one-sided, on all counts so far, looked at every minute. */
export const naiveZ: Rule = (minutes) => {
  const totals = { errors: [0, 0, 0, 0], slow: [0, 0, 0, 0] };
  for (const { endMs, canary, primary } of minutes) {
    if (canary === null || primary === null) continue;
    add(totals.errors, [canary.errors, canary.requests, primary.errors, primary.requests]);
    add(totals.slow, [slow(canary), canary.requests, slow(primary), primary.requests]);
    if (zScore(totals.errors) > 1.645 || zScore(totals.slow) > 1.645) return { result: "fail", atMs: endMs };
  }
  return passed(minutes);
};

const SLOW_MS = 250;

function slow(arm: ArmCounts): number {
  const histogram = toHistogram(arm.latencyMs);
  return histogram === null ? 0 : (slowerThan(histogram, SLOW_MS) ?? 0);
}

function add(into: number[], values: readonly number[]): void {
  values.forEach((value, i) => {
    into[i] = (into[i] ?? 0) + value;
  });
}

function zScore([x1 = 0, n1 = 0, x2 = 0, n2 = 0]: readonly number[]): number {
  if (n1 === 0 || n2 === 0) return 0;
  const pooled = (x1 + x2) / (n1 + n2);
  const sd = Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
  return sd === 0 ? 0 : (x1 / n1 - x2 / n2) / sd;
}

/** Kayenta's judge at the end: Mann-Whitney at 98 % over minutes, and medians more than a quarter apart. */
export const mannWhitney: Rule = (minutes) => {
  const both = minutes.filter((minute) => minute.canary !== null && minute.primary !== null);
  const series = [
    (arm: ArmCounts): number => (arm.requests === 0 ? 0 : arm.errors / arm.requests),
    (arm: ArmCounts): number => {
      const histogram = toHistogram(arm.latencyMs);
      return histogram === null ? 0 : (quantile(histogram, 0.99) ?? 0);
    },
  ];
  const worse = series.some((of) =>
    isHigher(
      both.map((minute) => of(minute.canary as ArmCounts)),
      both.map((minute) => of(minute.primary as ArmCounts)),
    ),
  );
  return { ...passed(minutes), result: worse ? "fail" : "pass" };
};

const KAYENTA_Z = 2.326;
const KAYENTA_TOLERANCE = 0.25;

function isHigher(canary: readonly number[], primary: readonly number[]): boolean {
  const n = canary.length;
  if (n < 5) return false;
  let wins = 0;
  const shifts: number[] = [];
  for (const c of canary) {
    for (const p of primary) {
      wins += (Math.sign(c - p) + 1) / 2;
      shifts.push(c - p);
    }
  }
  const z = (wins - (n * n) / 2) / Math.sqrt((n * n * (2 * n + 1)) / 12);
  const shift = median(shifts);
  return z > KAYENTA_Z && shift > KAYENTA_TOLERANCE * median(primary);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function passed(minutes: readonly Minute[]): Ruling {
  return { result: "pass", atMs: minutes.at(-1)?.endMs ?? 0 };
}
