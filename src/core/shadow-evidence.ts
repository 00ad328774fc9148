import type { ArmCounts, EvidenceRow } from "../api/evidence.ts";
import { EVERY_METHOD } from "../api/spec-traffic.ts";
import type { PositionStatus, RunStatus } from "../api/status.ts";
import { parseTime } from "../lib/time.ts";
import { intervalMsOf } from "./interval.ts";

/** Intervals after mirroring has ended in which its last requests may still be counted: proxies and scrapes lag. */
const SETTLING_INTERVALS = 2;

/**
 * A row as the judge may use it: without canary requests that are not of its position, and with a primary that mirrored
 * requests can be held against.
 */
export function asComparable(row: EvidenceRow, run: RunStatus): EvidenceRow {
  if (row.canary === null) return row;
  const index = run.positions.findLastIndex(({ since }) => parseTime(since) < row.endMs);
  const position = run.positions[index];
  // Before its first position a run has no canary: requests seen there went to the pods of an earlier run.
  if (position === undefined || isOfMirror(row, position, run.positions[index - 1], run)) {
    return { ...row, canary: null };
  }
  return position.kind === "shadow" ? withSameMethods(row, row.canary, run) : row;
}

/** Live evidence never holds a mirrored request: rows that began too soon after mirroring do not count. */
function isOfMirror(
  row: EvidenceRow,
  position: PositionStatus,
  before: PositionStatus | undefined,
  run: RunStatus,
): boolean {
  if (before?.kind !== "shadow" || position.kind === "shadow") return false;
  const intervalMs = intervalMsOf(run.spec.analysis);
  return row.endMs - SETTLING_INTERVALS * intervalMs < parseTime(position.since);
}

/**
 * Istio's metrics do not tell methods apart: the canary's are those of mirrored requests (GET, HEAD, OPTIONS), the
 * primary's those of all, whose rates may be higher or lower for that reason alone. How many of the primary's requests
 * are of the mirrored kind is known: as many as were mirrored, divided by the share that is. How many of its failures
 * and slow requests are is not; at most all of them. So it is given that many requests and all its failures: the worst
 * rate that it can have had with these methods. A canary that is beyond that is worse, whatever the mix; where all
 * requests are mirrored nothing changes.
 */
function withSameMethods(row: EvidenceRow, canary: ArmCounts, run: RunStatus): EvidenceRow {
  const { shadow } = run.spec;
  if (row.primary === null || shadow === undefined || shadow.methods.includes(EVERY_METHOD)) return row;
  const share = shadow.percent / 100;
  const { primary } = row;
  const requests = Math.min(primary.requests, canary.requests / share);
  const answered = canary.latencyMs?.["+Inf"] ?? canary.requests;
  return {
    ...row,
    primary: {
      requests,
      errors: Math.min(primary.errors, requests),
      latencyMs: primary.latencyMs === null ? null : withAllSlow(primary.latencyMs, answered / share),
    },
  };
}

/** Fewer requests, of which the slowest are kept: at each bound as many are above it as before. */
function withAllSlow(
  buckets: Readonly<Record<string, number>>,
  requests: number,
): Readonly<Record<string, number>> {
  const all = buckets["+Inf"] ?? 0;
  const kept = Math.min(all, requests);
  return Object.fromEntries(
    Object.entries(buckets).map(([bound, count]) => [bound, Math.max(0, kept - (all - count))]),
  );
}
