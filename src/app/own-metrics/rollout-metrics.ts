import { observableGauge } from "../../telemetry/metric-definition.ts";

const ROLLOUT = { namespace: "of the Rollout", name: "of the Rollout" };

/**
 * Where Rollouts stand, read from the caches at each scrape. Only the leader shows them: a sum over all pods is right,
 * and what a standby would say may be older. Series that name a Rollout end with it.
 */
export const ROLLOUT_METRICS = {
  rollouts: observableGauge({
    name: "sluice_rollouts",
    help: "Rollouts by phase.",
    labels: { phase: "Initializing, Initialized, Waiting, Progressing, ...; empty before the first pass" },
  }),
  paused: observableGauge({
    name: "sluice_rollouts_paused",
    help: "Runs that stand still for a named reason.",
    labels: {
      kind: "Requested, Suspended, Inconclusive, MetricsUnavailable, MetricFailed, GateTimedOut or RoutesUnusable",
    },
  }),
  phase: observableGauge({
    name: "sluice_rollout_phase",
    help: "1 for the phase that the Rollout is in; it has no other series.",
    labels: { ...ROLLOUT, target: "name of the workload that it releases", phase: "its phase" },
  }),
  weight: observableGauge({
    name: "sluice_rollout_canary_weight_ratio",
    help: "During a run: the canary's weight as asked for, 0 to 1.",
    labels: ROLLOUT,
  }),
  weightSeen: observableGauge({
    name: "sluice_rollout_canary_weight_seen_ratio",
    help: "During a step: the part of requests that the canary was seen to get, 0 to 1, as of the last refresh of the status.",
    labels: ROLLOUT,
  }),
  step: observableGauge({
    name: "sluice_rollout_step",
    help: "During a run: the number of the step, from 1; 0 before the first.",
    labels: ROLLOUT,
  }),
  verdict: observableGauge({
    name: "sluice_rollout_verdict",
    help: "During a run: 1 pass, 0 inconclusive, -1 fail.",
    labels: ROLLOUT,
  }),
  metricVerdict: observableGauge({
    name: "sluice_rollout_metric_verdict",
    help: "During a run, metric by metric: 1 pass, 0 inconclusive, -1 fail.",
    labels: { ...ROLLOUT, metric: "name of the metric in spec.analysis" },
  }),
  runStarted: observableGauge({
    name: "sluice_rollout_run_started_timestamp_seconds",
    help: "During a run: when it began, Unix time.",
    labels: ROLLOUT,
  }),
  stageStarted: observableGauge({
    name: "sluice_rollout_stage_started_timestamp_seconds",
    help: "During a run: when its stage, or this step of it, began, Unix time.",
    labels: { ...ROLLOUT, stage: "Confirming, Starting, Shadow, Step, Promoting, Finalising or RollingBack" },
  }),
  pausedSince: observableGauge({
    name: "sluice_rollout_paused_since_timestamp_seconds",
    help: "While a run stands still for a named reason: since when, Unix time.",
    labels: { ...ROLLOUT, kind: "of the pause, as above" },
  }),
  contested: observableGauge({
    name: "sluice_rollout_contested_repairs",
    help: "How often weights had to be put right that somebody else changes, in this run or since the last one; absent for never.",
    labels: ROLLOUT,
  }),
  lastRun: observableGauge({
    name: "sluice_rollout_last_run_finished_timestamp_seconds",
    help: "When the last run ended, Unix time.",
    labels: {
      ...ROLLOUT,
      result: "how: Succeeded, Failed or Superseded",
      reason: "an outcome reason of the events reference",
    },
  }),
  omitted: observableGauge({
    name: "sluice_rollouts_omitted",
    help: "Rollouts beyond --rollout-series that have no series of their own; those with a run come first.",
  }),
};
