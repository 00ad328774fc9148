import { histogram, observableCounter, observableGauge } from "../../telemetry/metric-definition.ts";

const CANARY = { name: "of the target", namespace: "of the Rollout" };

const COUNTED = {
  ...CANARY,
  deployment_strategy: "canary, blue-green or ab-testing",
  analysis_status: "completed or skipped",
};

/**
 * Flagger's names, labels and values (its pkg/metrics), for dashboards and alerts that are there already; with
 * `--flagger-metrics`. Unlike Flagger's, series end with their Rollout.
 */
export const FLAGGER_METRICS = {
  info: observableGauge({
    name: "flagger_info",
    help: "1; Sluice's version, and istio.",
    labels: { version: "of Sluice", mesh_provider: "istio" },
  }),
  total: observableGauge({
    name: "flagger_canary_total",
    help: "Rollouts in the namespace.",
    labels: { namespace: "of the Rollouts" },
  }),
  status: observableGauge({
    name: "flagger_canary_status",
    help: "0 while Progressing, 2 when Failed, 1 in all other phases.",
    labels: CANARY,
  }),
  weight: observableGauge({
    name: "flagger_canary_weight",
    help: "Weight of the primary and of the canary, percent.",
    labels: { workload: "the target's name, and with -primary", namespace: "of the Rollout" },
  }),
  analysis: observableGauge({
    name: "flagger_canary_metric_analysis",
    help: "The canary's value of a metric as the status has it: percent, or seconds.",
    labels: { ...CANARY, metric: "request-success-rate, request-duration, or the metric's own name" },
  }),
  duration: histogram({
    name: "flagger_canary_duration_seconds",
    help: "How long a pass over the Rollout took during a run.",
    labels: CANARY,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  }),
  successes: observableCounter({
    name: "flagger_canary_successes_total",
    help: "Runs that succeeded since the start of the process.",
    labels: COUNTED,
  }),
  failures: observableCounter({
    name: "flagger_canary_failures_total",
    help: "Runs that failed since the start of the process.",
    labels: COUNTED,
  }),
};
