import type { Dashboard } from "./grafana.ts";
import { dashboard, labelVariable, type Row } from "./layout.ts";
import { stat, timeSeries } from "./panels.ts";
import { middleAndWorst, quantile } from "./words.ts";

/** The installation. */
const JOB = '{job=~"$job"}';

function failing(labels: string): string {
  return `{job=~"$job", ${labels}}`;
}

const NOW: Row = {
  title: "Now",
  height: 4,
  panels: [
    stat({
      title: "Leaders",
      description: "One, but for seconds around a take-over.",
      unit: "none",
      expr: `sum(sluice_leader${JOB})`,
    }),
    stat({
      title: "Pods",
      unit: "none",
      legend: "{{version}}",
      expr: `count by (version) (sluice_build_info${JOB})`,
    }),
    stat({
      title: "Queue wait, p99",
      unit: "s",
      warnFrom: 1,
      failFrom: 5,
      expr: quantile(0.99, "sluice_queue_wait_seconds", JOB),
    }),
    stat({
      title: "Watches failing",
      unit: "none",
      failFrom: 1,
      expr: `sum(sluice_watches_failing${JOB})`,
    }),
    stat({
      title: "Prometheus fails",
      description: "Part of the queries that got no usable answer.",
      unit: "percentunit",
      warnFrom: 0.01,
      failFrom: 0.2,
      expr: `sum(rate(sluice_metrics_source_queries_total${failing('result!~"ok|cancelled"')}[$__rate_interval])) / sum(rate(sluice_metrics_source_queries_total${JOB}[$__rate_interval]))`,
    }),
    stat({
      title: "Notifications lost, an hour",
      unit: "none",
      failFrom: 1,
      decimals: 0,
      expr: `sum(increase(sluice_notifications_total${failing('result=~"dropped|failed|refused|abandoned"')}[1h]))`,
    }),
  ],
};

const WORK: Row = {
  title: "Queue and passes",
  height: 7,
  panels: [
    timeSeries({
      title: "Rollouts that wait for a worker, and passes under way",
      unit: "none",
      queries: [
        [`sum by (pod) (sluice_queue_depth${JOB})`, "{{pod}} wait"],
        [`sum by (pod) (sluice_queue_active${JOB})`, "{{pod}} under way"],
      ],
    }),
    timeSeries({
      title: "Queue wait",
      unit: "s",
      queries: middleAndWorst("sluice_queue_wait_seconds", JOB),
    }),
    timeSeries({
      title: "Passes by outcome",
      unit: "ops",
      isStacked: true,
      queries: [[`sum by (outcome) (rate(sluice_passes_total${JOB}[$__rate_interval]))`, "{{outcome}}"]],
    }),
    timeSeries({
      title: "How long passes take",
      unit: "s",
      queries: middleAndWorst("sluice_pass_duration_seconds", JOB),
    }),
  ],
};

const API: Row = {
  title: "API server",
  height: 7,
  panels: [
    timeSeries({
      title: "Requests by verb",
      unit: "reqps",
      isStacked: true,
      queries: [[`sum by (verb) (rate(sluice_api_requests_total${JOB}[$__rate_interval]))`, "{{verb}}"]],
    }),
    timeSeries({
      title: "Requests that failed",
      description: "404, 409 and 410 are part of the work: an object is gone, or was changed meanwhile.",
      unit: "reqps",
      queries: [
        [
          `sum by (verb, resource, code) (rate(sluice_api_requests_total${failing('code!~"2..|cancelled"')}[$__rate_interval])) > 0`,
          "{{code}} {{verb}} {{resource}}",
        ],
      ],
    }),
    timeSeries({
      title: "Duration, p99",
      unit: "s",
      queries: [[quantile(0.99, "sluice_api_request_duration_seconds", JOB, "verb"), "{{verb}}"]],
    }),
    timeSeries({
      title: "Watches opened again, an hour",
      unit: "none",
      isStacked: true,
      queries: [[`sum by (reason) (increase(sluice_watch_restarts_total${JOB}[1h]))`, "{{reason}}"]],
    }),
  ],
};

const SOURCE: Row = {
  title: "Evidence",
  height: 7,
  panels: [
    timeSeries({
      title: "Queries to Prometheus by result",
      unit: "reqps",
      isStacked: true,
      queries: [
        [`sum by (result) (rate(sluice_metrics_source_queries_total${JOB}[$__rate_interval]))`, "{{result}}"],
      ],
    }),
    timeSeries({
      title: "How long Prometheus takes",
      unit: "s",
      queries: middleAndWorst("sluice_metrics_source_query_duration_seconds", JOB),
    }),
    timeSeries({
      title: "Analyses by result",
      unit: "ops",
      isStacked: true,
      queries: [[`sum by (result) (rate(sluice_analyses_total${JOB}[$__rate_interval]))`, "{{result}}"]],
    }),
  ],
};

const OTHERS: Row = {
  title: "Webhooks and notifications",
  height: 7,
  panels: [
    timeSeries({
      title: "Answers of webhooks",
      unit: "ops",
      isStacked: true,
      queries: [
        [
          `sum by (type, result) (rate(sluice_webhook_answers_total${JOB}[$__rate_interval])) > 0`,
          "{{type}} {{result}}",
        ],
      ],
    }),
    timeSeries({
      title: "How long webhooks take, p99",
      unit: "s",
      queries: [[quantile(0.99, "sluice_webhook_duration_seconds", JOB, "type"), "{{type}}"]],
    }),
    timeSeries({
      title: "Notifications, an hour",
      unit: "none",
      isStacked: true,
      queries: [
        [
          `sum by (channel, result) (increase(sluice_notifications_total${JOB}[1h])) > 0`,
          "{{channel}} {{result}}",
        ],
      ],
    }),
    timeSeries({
      title: "Notifications that wait",
      unit: "none",
      queries: [[`sum by (pod) (sluice_notifications_pending${JOB})`, "{{pod}}"]],
    }),
  ],
};

const PROCESS: Row = {
  title: "Process",
  height: 7,
  panels: [
    timeSeries({
      title: "Leader",
      unit: "none",
      max: 1,
      isStepped: true,
      queries: [[`max by (pod) (sluice_leader${JOB})`, "{{pod}}"]],
    }),
    timeSeries({
      title: "Memory and its limit",
      unit: "bytes",
      queries: [
        [`max by (pod) (process_resident_memory_bytes${JOB})`, "{{pod}}"],
        [`max(sluice_memory_limit_bytes${JOB})`, "limit"],
        [`max by (pod) (nodejs_heap_size_used_bytes${JOB})`, "{{pod}} heap"],
      ],
    }),
    timeSeries({
      title: "CPU",
      description: "Cores.",
      unit: "none",
      queries: [[`sum by (pod) (rate(process_cpu_seconds_total${JOB}[$__rate_interval]))`, "{{pod}}"]],
    }),
    timeSeries({
      title: "Event-loop lag, p99",
      unit: "s",
      queries: [[`max by (pod) (nodejs_eventloop_lag_p99_seconds${JOB})`, "{{pod}}"]],
    }),
  ],
};

/** How the controller itself fares. */
export function controllerDashboard(): Dashboard {
  return dashboard({
    uid: "sluice-controller",
    title: "Sluice / Controller",
    description:
      "How the controller itself fares: queue, API server, Prometheus, webhooks, notifications, process.",
    span: "3h",
    variables: [
      labelVariable("job", "Job", "label_values(sluice_build_info, job)", {
        includeAll: true,
        multi: true,
        allValue: ".*",
        current: { text: "All", value: "$__all" },
      }),
    ],
    rows: [NOW, WORK, API, SOURCE, OTHERS, PROCESS],
  });
}
