import type { ArmCounts, EvidenceRow } from "../api/evidence.ts";
import type { LedgerStatus, RunStatus } from "../api/status.ts";
import { isoTimeMs, parseTime } from "../lib/time.ts";

/**
 * The sum of what was seen since the current position began. It goes into the status (well under 8 KiB), so that a
 * judge which has to begin anew does not begin from nothing when the source has lost its history too: a Prometheus that
 * was made anew, a retention shorter than a pause.
 */
export interface Ledger {
  /** Which position, by the number of positions that there were. */
  readonly positions: number;
  /** End of the newest row in it. */
  readonly throughMs: number;
  readonly canary: ArmCounts;
  readonly primary: ArmCounts;
}

const NOTHING: ArmCounts = { requests: 0, errors: 0, latencyMs: null };

/** Adds rows; those of an earlier position, and those that are in it already, do not count. */
export function keepLedger(
  ledger: Ledger | null,
  run: RunStatus,
  rows: readonly EvidenceRow[],
): Ledger | null {
  const position = run.positions.at(-1);
  if (position === undefined) return null;
  const positions = run.positions.length;
  const sinceMs = parseTime(position.since);
  const fresh: Ledger = { positions, throughMs: sinceMs, canary: NOTHING, primary: NOTHING };
  return rows.reduce<Ledger>(addRow, ledger?.positions === positions ? ledger : fresh);
}

function addRow(ledger: Ledger, row: EvidenceRow): Ledger {
  if (row.endMs <= ledger.throughMs) return ledger;
  return {
    ...ledger,
    throughMs: row.endMs,
    canary: addCounts(ledger.canary, row.canary),
    primary: addCounts(ledger.primary, row.primary),
  };
}

function addCounts(sum: ArmCounts, more: ArmCounts | null): ArmCounts {
  if (more === null) return sum;
  return {
    requests: sum.requests + more.requests,
    errors: sum.errors + more.errors,
    latencyMs: addBuckets(sum.latencyMs, more.latencyMs),
  };
}

function addBuckets(sum: ArmCounts["latencyMs"], more: ArmCounts["latencyMs"]): ArmCounts["latencyMs"] {
  if (sum === null || more === null) return sum ?? more;
  return Object.fromEntries(Object.entries(more).map(([bound, count]) => [bound, count + (sum[bound] ?? 0)]));
}

/**
 * The rows with the ledger's sum in place of those that the source has lost: it answered for the time that the ledger
 * covers, and knows of less than half of the canary's requests. Bursts within that time can no longer be told from a
 * worse rate, so the sum counts as one interval.
 */
export function mendHistory(rows: readonly EvidenceRow[], run: RunStatus): readonly EvidenceRow[] {
  const kept = ledgerOf(run);
  const since = run.positions.at(-1)?.since;
  const last = rows.at(-1);
  if (kept === null || since === undefined || last === undefined || last.endMs < kept.throughMs) return rows;
  const isCovered = (row: EvidenceRow) => row.endMs > parseTime(since) && row.endMs <= kept.throughMs;
  const known = rows.filter(isCovered).reduce((sum, row) => sum + (row.canary?.requests ?? 0), 0);
  if (known >= kept.canary.requests / 2) return rows;
  return rows
    .filter((row) => !isCovered(row) || row.endMs === kept.throughMs)
    .map((row) =>
      row.endMs === kept.throughMs ? { ...row, canary: kept.canary, primary: kept.primary } : row,
    );
}

export function ledgerStatus(ledger: Ledger): LedgerStatus {
  const { canary, primary } = ledger;
  return { through: isoTimeMs(ledger.throughMs), canary, primary };
}

function ledgerOf(run: RunStatus): Ledger | null {
  if (run.ledger === undefined) return null;
  const { through, canary, primary } = run.ledger;
  return { positions: run.positions.length, throughMs: parseTime(through), canary, primary };
}
