import { VariableHide } from "@grafana/schema";
import type { Dashboard } from "./grafana.ts";
import { dashboard, labelVariable, type Row } from "./layout.ts";
import { type Query, stat, stateTimeline, timeSeries, type Unplaced, valueMapping } from "./panels.ts";
import { VERDICTS } from "./words.ts";

const ROLLOUT = '{namespace="$namespace", name="$name"}';

/** The target is the canary while a run is under way; the primary's name is derived from it. */
const ARMS = { Primary: "$target-primary", Canary: "$target" } as const;

type Arm = keyof typeof ARMS;

function requestsTo(arm: Arm, more = ""): string {
  return `{reporter=~"$reporter", destination_workload_namespace="$namespace", destination_workload="${ARMS[arm]}"${more}}`;
}

function requestRate(arm: Arm, more = ""): string {
  return `sum(rate(istio_requests_total${requestsTo(arm, more)}[$__rate_interval]))`;
}

function rate(arm: Arm): Unplaced {
  return timeSeries({
    title: `${arm}: requests`,
    unit: "reqps",
    isStacked: true,
    queries: [
      [
        `sum by (response_code) (rate(istio_requests_total${requestsTo(arm)}[$__rate_interval]))`,
        "{{response_code}}",
      ],
    ],
  });
}

function errors(arm: Arm): Unplaced {
  return timeSeries({
    title: `${arm}: errors`,
    description: "5xx, and requests that got no response, of all requests.",
    unit: "percentunit",
    queries: [[`${requestRate(arm, ', response_code=~"5..|0"')} / ${requestRate(arm)}`, "errors"]],
  });
}

function duration(arm: Arm): Unplaced {
  const query = (q: number): Query => [
    `histogram_quantile(${q}, sum by (le) (rate(istio_request_duration_milliseconds_bucket${requestsTo(arm)}[$__rate_interval])))`,
    `p${q * 100}`,
  ];
  return timeSeries({
    title: `${arm}: duration`,
    unit: "ms",
    queries: [query(0.5), query(0.9), query(0.99)],
  });
}

const HEAD: Row = {
  title: "$namespace/$name",
  height: 4,
  panels: [
    stat({
      title: "Phase",
      unit: "none",
      legend: "{{phase}}",
      expr: `max by (phase) (sluice_rollout_phase${ROLLOUT})`,
      mappings: [valueMapping({ "1": [" ", "text"] })],
    }),
    stat({
      title: "Weight asked",
      unit: "percentunit",
      expr: `max(sluice_rollout_canary_weight_ratio${ROLLOUT}) or vector(0)`,
    }),
    stat({
      title: "Weight seen",
      description: "The part of requests that the canary was seen to get, as the status has it.",
      unit: "percentunit",
      decimals: 1,
      expr: `max(sluice_rollout_canary_weight_seen_ratio${ROLLOUT}) or vector(0)`,
    }),
    stat({
      title: "Verdict",
      unit: "none",
      expr: `max(sluice_rollout_verdict${ROLLOUT})`,
      mappings: [VERDICTS],
    }),
    stat({
      title: "In this stage since",
      unit: "dateTimeFromNow",
      legend: "{{stage}}",
      expr: `max by (stage) (sluice_rollout_stage_started_timestamp_seconds${ROLLOUT}) * 1000`,
    }),
    stat({
      title: "Last run ended",
      unit: "dateTimeFromNow",
      legend: "{{result}}: {{reason}}",
      expr: `max by (result, reason) (sluice_rollout_last_run_finished_timestamp_seconds${ROLLOUT}) * 1000`,
    }),
  ],
};

const WEIGHT: Row = {
  title: "Weight and verdicts",
  height: 8,
  panels: [
    timeSeries({
      title: "Weight asked and seen",
      description:
        "Asked: the routing object's weight. Seen: the split that the run goes by. Requests: the canary's part of them, live.",
      unit: "percentunit",
      max: 1,
      queries: [
        [`max(sluice_rollout_canary_weight_ratio${ROLLOUT})`, "asked"],
        [`max(sluice_rollout_canary_weight_seen_ratio${ROLLOUT})`, "seen"],
        [`${requestRate("Canary")} / (${requestRate("Canary")} + ${requestRate("Primary")})`, "requests"],
      ],
    }),
    stateTimeline({
      title: "Verdicts",
      queries: [
        [`max(sluice_rollout_verdict${ROLLOUT})`, "verdict"],
        [`max by (metric) (sluice_rollout_metric_verdict${ROLLOUT})`, "{{metric}}"],
      ],
      mappings: [VERDICTS],
    }),
    stateTimeline({
      title: "Phases",
      queries: [[`max by (phase) (sluice_rollout_phase${ROLLOUT})`, "{{phase}}"]],
      mappings: [valueMapping({ "1": ["yes", "blue"] })],
    }),
  ],
};

const RED: readonly Row[] = [
  { title: "Requests", height: 7, panels: [rate("Primary"), rate("Canary")] },
  { title: "Errors", height: 7, panels: [errors("Primary"), errors("Canary")] },
  { title: "Duration", height: 7, panels: [duration("Primary"), duration("Canary")] },
];

/** One Rollout: primary and canary side by side, weight asked and seen, verdicts over time. */
export function rolloutDashboard(): Dashboard {
  return dashboard({
    uid: "sluice-rollout",
    title: "Sluice / Rollout",
    description: "One Rollout: primary and canary side by side, weight asked and seen, verdicts over time.",
    span: "1h",
    variables: [
      labelVariable("namespace", "Namespace", "label_values(sluice_rollout_phase, namespace)"),
      labelVariable("name", "Rollout", 'label_values(sluice_rollout_phase{namespace="$namespace"}, name)'),
      labelVariable(
        "target",
        "Target",
        'label_values(sluice_rollout_phase{namespace="$namespace", name="$name"}, target)',
        { hide: VariableHide.hideVariable },
      ),
      {
        name: "reporter",
        label: "Reporter",
        type: "custom",
        query: "destination,source,waypoint",
        current: { text: "destination", value: "destination" },
      },
    ],
    rows: [HEAD, WEIGHT, ...RED],
  });
}
