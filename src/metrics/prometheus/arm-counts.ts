import type { ArmCounts, CarriedBytes, SentCounts } from "../../api/evidence.ts";
import type { EvidenceQuery } from "../metrics.ts";
import type { ArmIncrements, Reporter, ReporterCounts } from "./istio-query.ts";

/**
 * Which reporters count. Live: the destination, which also sees the errors that retries hide from the source, and what
 * only the source can tell: requests that no proxy of the arm has seen, which is all that is left of a dead canary.
 * The two are never added up or compared where they tell of the same request, because they are scraped at different
 * instants: the larger of both counts, row by row, would have a rare error in two rows.
 * Shadow: mirrored requests are seen by the destination alone, and the primary is looked at in the same way, so that
 * like is compared with like (its source stands in where there is no sidecar at the destination).
 */
export interface ArmRole {
  readonly phase: EvidenceQuery["phase"];
  readonly arm: "canary" | "primary";
}

/** One arm's counts in one row; null when nothing was reported. */
export function armCounts(arm: ArmIncrements | null, row: number, role: ArmRole): ArmCounts | null {
  if (arm === null || arm.problems.has(row)) return null;
  const counts = chosen(arm.requests.get(row), role);
  if (counts === null) return null;
  const latencies = arm.latencyMs.get(row);
  const onlyDestination = role.phase === "shadow" && role.arm === "canary";
  return {
    requests: counts.requests,
    errors: counts.errors,
    latencyMs: latencies?.get("destination") ?? (onlyDestination ? null : (latencies?.get("source") ?? null)),
  };
}

/**
 * What callers' proxies sent to both arms in one row. Their counters for both are scraped at the same instant, so that
 * the two shares add up to the whole: unlike those of the pods, which are scraped one after another.
 */
export function sentCounts(
  canary: ArmIncrements | null,
  primary: ArmIncrements | null,
  row: number,
): SentCounts | null {
  const [toCanary, toPrimary] = [canary, primary].map((arm) => arm?.requests.get(row)?.get("source") ?? null);
  if (toCanary == null && toPrimary == null) return null;
  if (canary?.problems.has(row) || primary?.problems.has(row)) return null;
  return { canary: toCanary?.requests ?? 0, primary: toPrimary?.requests ?? 0 };
}

/** What went over connections of both arms in one row, whoever tells more. */
export function carriedBytes(
  canary: ArmIncrements | null,
  primary: ArmIncrements | null,
  row: number,
): CarriedBytes {
  const most = (arm: ArmIncrements | null) => Math.max(0, ...(arm?.bytes.get(row)?.values() ?? []));
  return { canary: most(canary), primary: most(primary) };
}

function chosen(
  reporters: ReadonlyMap<Reporter, ReporterCounts> | undefined,
  role: ArmRole,
): Pick<ReporterCounts, "requests" | "errors"> | null {
  const destination = reporters?.get("destination") ?? null;
  const source = reporters?.get("source") ?? null;
  if (role.phase === "shadow") return role.arm === "canary" ? destination : (destination ?? source);
  if (destination === null || source === null) return destination ?? source;
  if (source.hasFlags) {
    return {
      requests: destination.requests + source.unseen,
      errors: destination.errors + source.unseen,
    };
  }
  // Flags can be switched off in Istio's telemetry. Then the larger counts, though a little too large, miss nothing.
  return {
    requests: Math.max(destination.requests, source.requests),
    errors: Math.max(destination.errors, source.errors),
  };
}
