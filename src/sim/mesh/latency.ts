import { assert } from "../../lib/assert.ts";

/** Upper bounds of Istio's standard duration histogram, in milliseconds; the last one is open. */
export const DURATION_BUCKETS_MS: readonly number[] = [
  0.5,
  1,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
  30_000,
  60_000,
  300_000,
  600_000,
  1_800_000,
  3_600_000,
  Number.POSITIVE_INFINITY,
];

/** Index of the bucket that a duration falls in (`le`: the bound belongs to its bucket). */
export function bucketOf(durationMs: number): number {
  return DURATION_BUCKETS_MS.findIndex((bound) => durationMs <= bound);
}

/** Some requests that took about equally long. */
export interface Took {
  readonly count: number;
  /** Mean of these requests. */
  readonly durationMs: number;
  /** Bucket of DURATION_BUCKETS_MS that each of them falls in. */
  readonly bucket: number;
}

export interface LatencyPoints {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** A slice of a latency distribution. */
export interface LatencyCell {
  /** Share of all requests that fall in it; cells of one grid sum to 1. */
  readonly share: number;
  /** Mean duration of the requests in it. */
  readonly meanMs: number;
  readonly bucket: number;
}

/** Standard normal quantile of 0.99. */
const Z99 = 2.326347874040841;

/** Rarer than this is never. */
const LEAST_SHARE = 1e-9;

/**
 * The log-normal distribution through p50 and p99, cut at the histogram's bounds and at `cutMs` (a timeout, so that a
 * cell is wholly before or wholly after it).
 */
export function latencyCells(points: LatencyPoints, cutMs: number | null): readonly LatencyCell[] {
  assert(points.p50Ms > 0, "a latency is above 0");
  const mu = Math.log(points.p50Ms);
  // Equal points would make every request exactly alike and the formulas divide by zero.
  const sigma = Math.max(Math.log(points.p99Ms / points.p50Ms) / Z99, 1e-3);
  const bounds = [...DURATION_BUCKETS_MS];
  if (cutMs !== null && cutMs > 0 && !bounds.includes(cutMs)) bounds.push(cutMs);
  bounds.sort((a, b) => a - b);

  const cells: LatencyCell[] = [];
  let low = 0;
  for (const high of bounds) {
    const from = standard(low, mu, sigma);
    const to = standard(high, mu, sigma);
    const share = normalCdf(to) - normalCdf(from);
    if (share > LEAST_SHARE) {
      const part = normalCdf(to - sigma) - normalCdf(from - sigma);
      const mean = (Math.exp(mu + (sigma * sigma) / 2) * part) / share;
      // The approximation of the CDF must not carry a mean out of its cell.
      const meanMs = Math.min(Math.max(mean, low), high);
      cells.push({ share, meanMs, bucket: bucketOf(high) });
    }
    low = high;
  }
  return normalized(cells);
}

function normalized(cells: readonly LatencyCell[]): readonly LatencyCell[] {
  let total = 0;
  for (const cell of cells) total += cell.share;
  return cells.map((cell) => ({ ...cell, share: cell.share / total }));
}

function standard(valueMs: number, mu: number, sigma: number): number {
  if (valueMs === 0) return Number.NEGATIVE_INFINITY;
  return (Math.log(valueMs) - mu) / sigma;
}

/** Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: absolute error below 1.5e-7. */
function normalCdf(z: number): number {
  if (z === Number.NEGATIVE_INFINITY) return 0;
  if (z === Number.POSITIVE_INFINITY) return 1;
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const erf = 1 - series * Math.exp(-x * x);
  return z < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}

/** Cells of recently used distributions: the same few are asked for in every batch. */
export class LatencyGrids {
  readonly #cells = new Map<string, readonly LatencyCell[]>();

  cells(points: LatencyPoints, cutMs: number | null): readonly LatencyCell[] {
    const key = `${points.p50Ms}/${points.p99Ms}/${cutMs}`;
    const known = this.#cells.get(key);
    if (known !== undefined) return known;
    if (this.#cells.size >= 1_000) this.#cells.clear();
    const cells = latencyCells(points, cutMs);
    this.#cells.set(key, cells);
    return cells;
  }
}
