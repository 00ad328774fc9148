import { counter, histogram, observableGauge } from "../../telemetry/metric-definition.ts";

const OUTCOMES = ["done", "requeue", "retry", "terminal"] as const;

/** The way of a change to its pass. */
export const QUEUE_METRICS = {
  depth: observableGauge({ name: "sluice_queue_depth", help: "Rollouts that wait for a worker." }),
  delayed: observableGauge({
    name: "sluice_queue_delayed",
    help: "Rollouts that are to be looked at later: an interval ends, a hold, a backoff.",
  }),
  active: observableGauge({
    name: "sluice_queue_active",
    help: "Passes under way, those that wait for evidence included.",
  }),
  wait: histogram({
    name: "sluice_queue_wait_seconds",
    help: "How long Rollouts waited for a worker.",
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10, 30, 60],
    initial: [{}],
  }),
  refused: counter({
    name: "sluice_queue_refused_total",
    help: "Rollouts that were not queued because the queue was full.",
    initial: [{}],
  }),
  passes: counter({
    name: "sluice_passes_total",
    help: "Passes over Rollouts.",
    labels: { outcome: "done, requeue (look again later), retry (something failed) or terminal" },
    initial: OUTCOMES.map((outcome) => ({ outcome })),
  }),
  passDuration: histogram({
    name: "sluice_pass_duration_seconds",
    help: "How long passes took, waiting for evidence and writes included.",
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    initial: [{}],
  }),
};
