import { type EvidenceRow, isUnanswered } from "../api/evidence.ts";

/** Requests of each arm. */
export interface ArmPair {
  readonly canary: number;
  readonly primary: number;
}

/** Where requests of one interval were seen to go. */
export interface SeenRow {
  readonly endMs: number;
  /** The source gave no answer: what happened in this interval is not known. */
  readonly isUnknown: boolean;
  /** At the pods, mirrored requests included. */
  readonly arrived: ArmPair;
  /** From callers' proxies, which do not count mirrored ones; null where none reports. */
  readonly sent: ArmPair | null;
  /** What went over connections, where those are counted. */
  readonly bytes: ArmPair | null;
}

/** The newest rows, oldest first: what the split and the end of a drain are told from. At most `ROWS_KEPT`. */
export interface SeenTraffic {
  readonly intervalMs: number;
  readonly rows: readonly SeenRow[];
}

/** Ten minutes of rows of 15 s. */
export const ROWS_KEPT = 40;

/** Adds rows of evidence. A row that got no answer is kept only until it gets one, or is the newest no more. */
export function noteRows(
  seen: SeenTraffic | null,
  fetched: readonly EvidenceRow[],
  intervalMs: number,
): SeenTraffic | null {
  if (fetched.length === 0) return seen;
  const known = seen?.intervalMs === intervalMs ? seen.rows.filter((row) => !row.isUnknown) : [];
  const lastMs = known.at(-1)?.endMs ?? Number.NEGATIVE_INFINITY;
  const fresh = fetched.filter((row) => row.endMs > lastMs).map(toSeenRow);
  const kept = fresh.filter((row, index) => !row.isUnknown || index === fresh.length - 1);
  return { intervalMs, rows: [...known, ...kept].slice(-ROWS_KEPT) };
}

/** End of the newest row that needs not be asked for again. */
export function seenThroughMs(seen: SeenTraffic | null, intervalMs: number): number {
  if (seen === null || seen.intervalMs !== intervalMs) return Number.NEGATIVE_INFINITY;
  return seen.rows.findLast((row) => !row.isUnknown)?.endMs ?? Number.NEGATIVE_INFINITY;
}

/** Rows of which no part is before `sinceMs`. */
export function rowsSince(seen: SeenTraffic | null, sinceMs: number): readonly SeenRow[] {
  if (seen === null) return [];
  return seen.rows.filter((row) => row.endMs - seen.intervalMs >= sinceMs);
}

function toSeenRow(row: EvidenceRow): SeenRow {
  const { endMs, canary, primary, sent, bytes } = row;
  return {
    endMs,
    isUnknown: isUnanswered(row),
    arrived: { canary: canary?.requests ?? 0, primary: primary?.requests ?? 0 },
    sent: sent ?? null,
    bytes: bytes ?? null,
  };
}
