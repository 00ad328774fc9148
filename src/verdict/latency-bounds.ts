import type { Histogram } from "./histogram.ts";
import { slowerThan } from "./histogram.ts";

/**
 * At which bucket bounds "slow" is judged: where the primary's tail lies, told from its past alone, so that choosing
 * does not bend the test. The bound above the primary's p99 belongs to it: 2 % of requests made four times slower are a
 * threefold rise at the p99 bound, and a thirtyfold one a bound further up.
 */
export interface PrimaryTail {
  readonly bounds: readonly TailBound[];
}

export interface TailBound {
  readonly boundMs: number;
  /** Slow requests and requests, forgotten exponentially. */
  readonly slow: number;
  readonly total: number;
}

const KEPT_PER_15_S = 0.96;
const LEAST_REQUESTS = 300;
/** Nothing is forgotten before this many, or a quiet service would never know its tail. */
const FORGET_FROM = 1_000;
const LARGEST_SHARE = 0.25;
const TAIL_SHARE = 0.01;
/** Bounds judged at once: a finer histogram is thinned, keeping its tail. */
export const MOST_BOUNDS = 5;

export const NO_TAIL: PrimaryTail = { bounds: [] };

export function observeTail(tail: PrimaryTail, primary: Histogram, intervalMs: number): PrimaryTail {
  const kept = KEPT_PER_15_S ** (intervalMs / 15_000);
  const before = new Map(tail.bounds.map((bound) => [bound.boundMs, bound]));
  return {
    bounds: primary.boundsMs.map((boundMs, index) => {
      const past = before.get(boundMs);
      const slow = Math.max(0, primary.total - (primary.counts[index] as number));
      const { slow: oldSlow = 0, total: oldTotal = 0 } = past ?? {};
      const factor = oldTotal >= FORGET_FROM ? kept : 1;
      return { boundMs, slow: oldSlow * factor + slow, total: oldTotal * factor + primary.total };
    }),
  };
}

/** The bounds to judge, rising: those where the primary's share of slow requests is small, one past its p99. */
export function chooseBounds(tail: PrimaryTail): readonly TailBound[] {
  const known = tail.bounds.filter((bound) => bound.total >= LEAST_REQUESTS);
  const first = known.findIndex((bound) => bound.slow / bound.total <= LARGEST_SHARE);
  if (first < 0) return [];
  const p99 = known.findIndex((bound) => bound.slow / bound.total <= TAIL_SHARE);
  const last = p99 < 0 ? known.length : p99 + 2;
  return thin(known.slice(first, last));
}

function thin(bounds: readonly TailBound[]): readonly TailBound[] {
  if (bounds.length <= MOST_BOUNDS) return bounds;
  const tail = bounds.slice(-2);
  const body = bounds.slice(0, -2);
  const places = MOST_BOUNDS - tail.length;
  const picked = Array.from(
    { length: places },
    (_, i) => body[Math.round((i * (body.length - 1)) / (places - 1))] as TailBound,
  );
  return [...picked, ...tail];
}

/**
 * The primary's share of slow requests at a bound: its past, or the current interval where that is worse and more than a
 * request or two; half a request is added so that it is never 0.
 */
export function slowLevel(bound: TailBound, primary: Histogram): number {
  const past = bound.slow / bound.total;
  const now = slowerThan(primary, bound.boundMs) ?? 0;
  return Math.max(past, now >= 3 ? now / primary.total : 0) + 0.5 / bound.total;
}
