import type { RunStatus, VerdictStatus } from "../api/status.ts";
import { roughDuration } from "../lib/duration.ts";
import { isoTime, parseTime } from "../lib/time.ts";
import type { Verdict } from "../verdict/judge.ts";
import { record } from "./announce.ts";
import { nextRowMs } from "./ask.ts";
import { WHOLE } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { isShortOfPods } from "./enough-pods.ts";
import { evidenceStatus } from "./evidence-status.ts";
import { intervalMsOf } from "./interval.ts";
import { failedOutcome, foldEvidence, outageOf, verdictOf } from "./judging.ts";
import { ledgerStatus } from "./ledger.ts";
import { isHeldByRoutes, keepPaused } from "./pausing.ts";
import { repairRoutes, trafficOf } from "./repair.ts";
import { retreatWithoutPods } from "./retreat.ts";
import { rollBack } from "./rolling-back.ts";
import { startShift } from "./shifting.ts";
import type { Observation } from "./snapshot.ts";
import { watchSplit } from "./split.ts";
import { goOnOrWait } from "./waiting.ts";

/** Shadow and steps: judge, and go on, wait or go back. */
export function analyse(draft: Draft, run: RunStatus, observations: readonly Observation[]): void {
  if (retreatWithoutPods(draft, run)) return;
  if (run.promoteRequested !== undefined) {
    repairRoutes(draft, trafficOf(run));
    if (!isShortOfPods(draft, run, WHOLE)) startShift(draft, run);
    return;
  }
  const rows = observations.flatMap((observation) => observation.rows);
  draft.judge = foldEvidence(draft.snapshot.judge, run, rows);
  const verdict = verdictOf(draft.judge, draft.nowMs);
  const judged = keepVerdict(draft, noteOutage(draft, run, outageOf(rows), rows.length > 0), verdict);
  if (verdict.act === "rollback") {
    rollBack(draft, judged, failedOutcome(verdict));
    return;
  }
  repairRoutes(draft, trafficOf(run));
  draft.lookAgainAt(nextRowMs(draft.snapshot, run));
  const watched = watchSplit(draft, judged, judged !== run);
  if (!isStopped(draft, watched, verdict) && !isHeldByRoutes(draft, watched))
    goOnOrWait(draft, watched, verdict);
}

/** The weight stays for a reason that lies in the metrics; it pauses the run once, and ends by itself where it can. */
function isStopped(draft: Draft, run: RunStatus, verdict: Verdict): boolean {
  if (run.pause?.kind === "Requested" || run.pause?.kind === "Suspended") return false;
  if (verdict.result === "fail") {
    const metric = verdict.metric ?? "a metric";
    keepPaused(draft, run, { kind: "MetricFailed", metric, reason: `${metric}: ${verdict.reason}` });
    return true;
  }
  if (run.metricsDown !== undefined && draft.nowMs - parseTime(run.metricsDown.since) >= outageLimit(run)) {
    keepPaused(draft, run, { kind: "MetricsUnavailable", reason: run.metricsDown.reason });
    return true;
  }
  return false;
}

function outageLimit(run: RunStatus): number {
  return run.spec.analysis.consecutiveErrors * intervalMsOf(run.spec.analysis);
}

/** An outage of the source is told once when it begins and once when it is over. */
function noteOutage(draft: Draft, run: RunStatus, outage: string | null, hasAsked: boolean): RunStatus {
  if (outage !== null && run.metricsDown === undefined) {
    record(
      draft,
      "MetricsUnavailable",
      `No evidence: ${outage} Nothing is decided until the source answers.`,
    );
    return draft.patchRun(run, { metricsDown: { since: isoTime(draft.nowMs), reason: outage } });
  }
  if (outage === null && hasAsked && run.metricsDown !== undefined) {
    const down = roughDuration(draft.nowMs - parseTime(run.metricsDown.since));
    record(draft, "MetricsRecovered", `The metrics source answers again after ${down}.`);
    return draft.patchRun(run, { metricsDown: undefined });
  }
  return run;
}

/**
 * Keeps the verdict in the status when its result changes, and the numbers now and then: a status write every tick of
 * every run would cost the API server more than it tells anybody.
 */
function keepVerdict(draft: Draft, run: RunStatus, verdict: Verdict): RunStatus {
  const old = run.verdict;
  const isStale = old === undefined || draft.nowMs - parseTime(old.at) >= draft.settings.statusRefreshMs;
  if (old?.result === verdict.result && !isStale) return run;
  const kept: VerdictStatus = {
    result: verdict.result,
    ...(verdict.metric === null ? {} : { metric: verdict.metric }),
    reason: verdict.reason,
    at: isoTime(draft.nowMs),
  };
  draft.patchStatus({ verdict: verdict.result });
  const ledger = draft.judge?.ledger ?? null;
  return draft.patchRun(run, {
    verdict: kept,
    evidence: evidenceStatus(verdict),
    ledger: ledger === null ? undefined : ledgerStatus(ledger),
  });
}
