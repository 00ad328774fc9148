import { EVENT_REASONS, OUTCOME_REASONS, type OutcomeReason } from "../../api/reasons.ts";
import type { Outcome } from "../../api/status.ts";
import { counter, histogram } from "../../telemetry/metric-definition.ts";

/** Seconds that things with holds and approvals in them take: from ten seconds to a day. */
const LONG_BUCKETS = [10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];

const ANALYSIS_RESULTS = ["pass", "fail", "inconclusive", "unanswered"] as const;

const SUCCESSES: readonly OutcomeReason[] = ["Promoted", "AnalysisSkipped", "PromotedByCommand"];

/** How a run that ends for this reason usually ends. */
function resultOf(reason: OutcomeReason): Outcome["result"] {
  if (SUCCESSES.includes(reason)) return "Succeeded";
  return reason === "NewRevision" ? "Superseded" : "Failed";
}

const REASONS = Object.keys(OUTCOME_REASONS) as OutcomeReason[];

/** What became of releases. Counted once for each transition, by the process that wrote its status. */
export const RUN_METRICS = {
  runs: counter({
    name: "sluice_runs_total",
    help: "Runs that have ended.",
    labels: {
      result: "Succeeded, Failed, or Superseded (another revision came)",
      reason: "an outcome reason of the events reference: Promoted, MetricFailed, Aborted, ...",
    },
    initial: REASONS.map((reason) => ({ result: resultOf(reason), reason })),
  }),
  runDuration: histogram({
    name: "sluice_run_duration_seconds",
    help: "From the beginning of a run to its end, waiting and pauses included.",
    labels: { result: "Succeeded, Failed or Superseded" },
    buckets: LONG_BUCKETS,
  }),
  stageDuration: histogram({
    name: "sluice_stage_duration_seconds",
    help: "How long runs stood in a stage; of stage Step, each step for itself.",
    labels: {
      stage: "Confirming, Starting, Shadow, Step, Promoting, Finalising or RollingBack",
    },
    buckets: LONG_BUCKETS,
  }),
  verdictDuration: histogram({
    name: "sluice_verdict_duration_seconds",
    help: "From the beginning of a step, or of the shadow phase, to a verdict on it.",
    labels: { result: "pass or fail" },
    buckets: LONG_BUCKETS,
  }),
  analyses: counter({
    name: "sluice_analyses_total",
    help: "Times that new evidence of a run was judged.",
    labels: {
      result: "pass, fail, inconclusive, or unanswered (the metrics source gave no evidence)",
    },
    initial: ANALYSIS_RESULTS.map((result) => ({ result })),
  }),
  evidenceToZero: histogram({
    name: "sluice_bad_evidence_to_zero_weight_seconds",
    help: "From the end of the interval whose evidence made a verdict fail until weight 0 was written.",
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 60, 120],
    initial: [{}],
  }),
  events: counter({
    name: "sluice_events_total",
    help: "What happened to Rollouts, whether or not its Kubernetes event was kept.",
    labels: { reason: "a reason of the events reference: RolledBack, TrafficRepaired, Paused, ..." },
    initial: Object.keys(EVENT_REASONS).map((reason) => ({ reason })),
  }),
};
