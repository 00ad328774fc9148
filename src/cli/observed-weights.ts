import type { EvidenceRow } from "../api/evidence.ts";
import { HISTORY_INTERVALS } from "../core/ask.ts";
import type { TraceRow } from "./trace.ts";

/**
 * Recorded evidence says neither when a release began nor which weight was set; both are told from who got the requests.
 */

/** Rows that a share of traffic is told from: at least so many, and more until they hold so many requests. */
const SMOOTHED_ROWS = 4;
const MOST_SMOOTHED = 20;
const SMOOTHED_REQUESTS = 200;
/** A release is over when the canary got nothing for so many rows in which it was due so many requests. */
const SILENT_ROWS = 4;
const SILENT_REQUESTS = 10;
/** What is shorter is traffic that moves from one workload to the other, unless there is nothing else. */
const LEAST_ROWS = 4;

interface Stretch {
  /** The first row in which both arms served. */
  readonly first: number;
  /** How many of these there are. */
  readonly served: number;
  /** One after the last row that belongs to it. */
  readonly end: number;
}

/**
 * The releases among the rows, oldest first: each its rows, after those of the primary's history that a run reads. The
 * weight is the plan's nearest to the canary's share of requests, and only rises within a release.
 */
export function releasesIn(
  rows: readonly EvidenceRow[],
  plan: readonly number[],
): readonly (readonly TraceRow[])[] {
  const found = stretchesIn(rows, Math.min(...plan));
  const long = found.filter(({ served }) => served >= LEAST_ROWS);
  return (long.length > 0 ? long : found).map((stretch) => [
    ...historyOf(rows.slice(Math.max(0, stretch.first - HISTORY_INTERVALS), stretch.first)),
    ...withWeights(rows.slice(stretch.first, stretch.end), plan),
  ]);
}

function stretchesIn(rows: readonly EvidenceRow[], leastWeight: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let open: Stretch | null = null;
  let silence: Silence = NO_SILENCE;
  for (const [index, row] of rows.entries()) {
    const traffic = trafficOf(row);
    if (traffic === "both") {
      open = grown(open ?? { first: index, served: 0, end: index }, index);
      silence = NO_SILENCE;
    } else if (open !== null && traffic === "primary") {
      silence = longer(silence, row, leastWeight);
      if (silence.rows < SILENT_ROWS || silence.due < SILENT_REQUESTS) continue;
      stretches.push(open);
      open = null;
    } else if (open !== null && silence === NO_SILENCE) {
      // Nothing is known of this row: the run may have gone on.
      open = { first: open.first, served: open.served, end: index + 1 };
    }
  }
  return open === null ? stretches : [...stretches, open];
}

function grown({ first, served }: Stretch, index: number): Stretch {
  return { first, served: served + 1, end: index + 1 };
}

function trafficOf({ canary, primary }: EvidenceRow): "both" | "primary" | "unknown" {
  if ((primary?.requests ?? 0) === 0) return "unknown";
  return (canary?.requests ?? 0) > 0 ? "both" : "primary";
}

interface Silence {
  readonly rows: number;
  /** Requests that the canary would have had at the plan's least weight. */
  readonly due: number;
}

const NO_SILENCE: Silence = { rows: 0, due: 0 };

function longer({ rows, due }: Silence, row: EvidenceRow, leastWeight: number): Silence {
  const weight = Math.min(99, leastWeight);
  return { rows: rows + 1, due: due + ((row.primary?.requests ?? 0) * weight) / (100 - weight) };
}

function historyOf(rows: readonly EvidenceRow[]): readonly TraceRow[] {
  return rows.map((row) => ({ ...row, canary: null, weight: null }));
}

function withWeights(rows: readonly EvidenceRow[], plan: readonly number[]): readonly TraceRow[] {
  let weight = 0;
  return rows.map((row, index) => {
    weight = Math.max(weight, nearest(plan, leastShare(rowsUpTo(rows, index))));
    return { ...row, weight };
  });
}

/** The last few rows, more of them where they hold so few requests that their share is chance. */
function rowsUpTo(rows: readonly EvidenceRow[], index: number): readonly EvidenceRow[] {
  let from = index;
  let requests = 0;
  for (; from >= 0 && index - from < MOST_SMOOTHED; from--) {
    if (index - from >= SMOOTHED_ROWS && requests >= SMOOTHED_REQUESTS) break;
    requests += (rows[from]?.canary?.requests ?? 0) + (rows[from]?.primary?.requests ?? 0);
  }
  return rows.slice(from + 1, index + 1);
}

/**
 * Canary's percentage of requests, at the least: two standard errors below what is seen, with one request added to each
 * arm (Agresti & Coull 1998), so that a few requests of a quiet service raise no weight.
 */
function leastShare(rows: readonly EvidenceRow[]): number {
  const canary = rows.reduce((sum, row) => sum + (row.canary?.requests ?? 0), 1);
  const all = rows.reduce((sum, row) => sum + (row.primary?.requests ?? 0), 1 + canary);
  const share = canary / all;
  return 100 * (share - 2 * Math.sqrt((share * (1 - share)) / all));
}

function nearest(plan: readonly number[], share: number): number {
  return plan.reduce((best, weight) => (Math.abs(weight - share) < Math.abs(best - share) ? weight : best));
}
