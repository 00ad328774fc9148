import type { PreflightReport } from "../api/preflight.ts";
import { bySeverity } from "../api/preflight.ts";
import { isHttpPort } from "../api/protocol.ts";
import type { RunStatus } from "../api/status.ts";
import { metrics } from "../preflight/checks/metrics.ts";
import { intervalMsOf } from "./interval.ts";
import { ROWS_KEPT, type SeenTraffic } from "./seen-traffic.ts";
import type { Snapshot } from "./snapshot.ts";

/** So much of the primary's past is looked at for requests. */
const LOOK_BACK_MS = 300_000;

/** How many rows of evidence are to tell whether the primary is seen at all; 0: that is known, or nobody wants to know. */
export function rowsOfPast(snapshot: Snapshot, run: RunStatus): number {
  const isKnown = snapshot.seen !== null || snapshot.preflight === null;
  if (isKnown || !isWanted(snapshot, run)) return 0;
  return Math.min(ROWS_KEPT, Math.ceil(LOOK_BACK_MS / intervalMsOf(run.spec.analysis)));
}

/** The report, and what is known of the primary's requests. */
export function withPrimarysPast(
  report: PreflightReport,
  { snapshot, seen }: { readonly snapshot: Snapshot; readonly seen: SeenTraffic | null },
  run: RunStatus,
): PreflightReport {
  if (!isWanted(snapshot, run)) return report;
  const known = seen?.rows.filter(({ isUnknown }) => !isUnknown) ?? [];
  if (seen === null || known.length === 0) {
    const unseen = [...report.unseen, "requests of the primary, since the source of metrics gave no answer"];
    return { ...report, unseen };
  }
  const requests = known.reduce((sum, { arrived, sent }) => sum + arrived.primary + (sent?.primary ?? 0), 0);
  const minutes = Math.max(1, Math.round((known.length * seen.intervalMs) / 60_000));
  const { namespace = "default" } = snapshot.rollout.metadata;
  const found = metrics({ namespace, primary: `${run.spec.targetRef.name}-primary`, requests, minutes });
  return { ...report, findings: bySeverity([...report.findings, ...found]) };
}

/** Requests count in what is judged, and the check is not ignored: that is read live, whatever spec the run follows. */
function isWanted({ rollout }: Snapshot, { spec }: RunStatus): boolean {
  const { ignore = [] } = (rollout.spec as Partial<typeof rollout.spec>).preflight ?? {};
  const isBuiltIn = spec.analysis.metrics.some(({ query }) => query === undefined);
  const { portName, appProtocol } = spec.service;
  return isBuiltIn && isHttpPort({ name: portName, appProtocol }) && !ignore.includes("metrics");
}
