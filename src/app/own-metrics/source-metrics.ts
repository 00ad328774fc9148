import { QUERY_RESULTS } from "../../metrics/prometheus/query-failure.ts";
import { counter, histogram } from "../../telemetry/metric-definition.ts";

/** What is asked of Prometheus. Queries for Istio's metrics are shared by all Rollouts that need the same rows. */
export const SOURCE_METRICS = {
  queries: counter({
    name: "sluice_metrics_source_queries_total",
    help: "Queries to Prometheus.",
    labels: {
      result: Object.entries(QUERY_RESULTS)
        .map(([result, meaning]) => `${result} (${meaning})`)
        .join(", "),
    },
    initial: Object.keys(QUERY_RESULTS).map((result) => ({ result })),
  }),
  duration: histogram({
    name: "sluice_metrics_source_query_duration_seconds",
    help: "How long Prometheus took to answer, or until it was given up; waiting for others not included.",
    buckets: [0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
    initial: [{}],
  }),
};
