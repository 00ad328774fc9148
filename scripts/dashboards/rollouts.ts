import type { Dashboard } from "./grafana.ts";
import { dashboard, labelVariable, type Row } from "./layout.ts";
import { stat, table, timeSeries, valueField } from "./panels.ts";
import { PHASES, quantileOfRange, VERDICTS } from "./words.ts";

/** Rollouts of the chosen namespaces. */
const IN = '{namespace=~"$namespace"}';

const TO_ROLLOUT = {
  title: "This Rollout",
  url: `/d/sluice-rollout?var-datasource=$datasource&var-namespace=\${__data.fields.namespace}&var-name=\${__data.fields.name}`,
};

const NOW: Row = {
  title: "Now",
  height: 4,
  panels: [
    stat({
      title: "Rollouts",
      unit: "none",
      expr: `count(max by (namespace, name) (sluice_rollout_phase${IN})) or vector(0)`,
    }),
    stat({
      title: "Releases under way",
      unit: "none",
      expr: `count(max by (namespace, name) (sluice_rollout_run_started_timestamp_seconds${IN})) or vector(0)`,
    }),
    stat({
      title: "Waiting for a person",
      description: "An approval is asked for, or the run stands still for a reason that the table names.",
      unit: "none",
      warnFrom: 1,
      expr: `count(max by (namespace, name) (sluice_rollout_phase{namespace=~"$namespace", phase="WaitingPromotion"}) or max by (namespace, name) (sluice_rollout_paused_since_timestamp_seconds${IN})) or vector(0)`,
    }),
    stat({
      title: "Failed in the last day",
      unit: "none",
      failFrom: 1,
      expr: `count(max by (namespace, name) (sluice_rollout_last_run_finished_timestamp_seconds{namespace=~"$namespace", result="Failed"}) > time() - 86400) or vector(0)`,
    }),
    stat({
      title: "Bad evidence to weight 0, p99",
      description:
        "From the end of the interval whose evidence made a verdict fail until weight 0 was written.",
      unit: "s",
      warnFrom: 20,
      failFrom: 60,
      expr: quantileOfRange(0.99, "sluice_bad_evidence_to_zero_weight_seconds"),
    }),
  ],
};

const UNDER_WAY: Row = {
  title: "Releases under way",
  height: 8,
  panels: [
    table({
      title: "Under way",
      queries: [
        `max by (namespace, name) (sluice_rollout_canary_weight_ratio${IN})`,
        `max by (namespace, name) (sluice_rollout_canary_weight_seen_ratio${IN})`,
        `max by (namespace, name) (sluice_rollout_step${IN})`,
        `max by (namespace, name) (sluice_rollout_verdict${IN})`,
        `max by (namespace, name) (sluice_rollout_run_started_timestamp_seconds${IN}) * 1000`,
      ],
      columns: [
        { of: "namespace", title: "namespace" },
        { of: "name", title: "name", link: TO_ROLLOUT },
        { of: valueField(0), title: "weight asked", unit: "percentunit" },
        { of: valueField(1), title: "weight seen", unit: "percentunit" },
        { of: valueField(2), title: "step" },
        { of: valueField(3), title: "verdict", mappings: [VERDICTS] },
        { of: valueField(4), title: "began", unit: "dateTimeFromNow" },
      ],
    }),
    table({
      title: "Standing still",
      description:
        "Since when a run waits for what its pause names. `kubectl get rollout` says how it goes on.",
      queries: [`max by (namespace, name, kind) (sluice_rollout_paused_since_timestamp_seconds${IN}) * 1000`],
      columns: [
        { of: "namespace", title: "namespace" },
        { of: "name", title: "name", link: TO_ROLLOUT },
        { of: "kind", title: "why" },
        { of: "Value", title: "since", unit: "dateTimeFromNow" },
      ],
    }),
  ],
};

const WEIGHTS: Row = {
  title: "Weights and phases",
  height: 8,
  panels: [
    timeSeries({
      title: "Canary weight asked",
      unit: "percentunit",
      max: 1,
      isStepped: true,
      queries: [
        [`max by (namespace, name) (sluice_rollout_canary_weight_ratio${IN})`, "{{namespace}}/{{name}}"],
      ],
    }),
    timeSeries({
      title: "Rollouts by phase",
      unit: "none",
      isStacked: true,
      queries: [[`count by (phase) (sluice_rollout_phase${IN})`, "{{phase}}"]],
    }),
  ],
};

const OUTCOMES: Row = {
  title: "Outcomes, of all namespaces",
  height: 8,
  panels: [
    timeSeries({
      title: "Runs ended, an hour",
      unit: "none",
      isStacked: true,
      queries: [["sum by (result) (increase(sluice_runs_total[1h]))", "{{result}}"]],
    }),
    timeSeries({
      title: "Failed, by reason, an hour",
      unit: "none",
      isStacked: true,
      queries: [['sum by (reason) (increase(sluice_runs_total{result="Failed"}[1h])) > 0', "{{reason}}"]],
    }),
    timeSeries({
      title: "How long runs take",
      unit: "s",
      queries: [
        [quantileOfRange(0.5, "sluice_run_duration_seconds", "", "result"), "{{result}} p50"],
        [quantileOfRange(0.95, "sluice_run_duration_seconds", "", "result"), "{{result}} p95"],
      ],
    }),
    timeSeries({
      title: "How long stages take, p90",
      unit: "s",
      queries: [[quantileOfRange(0.9, "sluice_stage_duration_seconds", "", "stage"), "{{stage}}"]],
    }),
  ],
};

const LAST: Row = {
  title: "Last runs",
  height: 10,
  panels: [
    table({
      title: "How each Rollout's last run ended",
      queries: [
        `max by (namespace, name, result, reason) (sluice_rollout_last_run_finished_timestamp_seconds${IN}) * 1000`,
        `max by (namespace, name, phase) (sluice_rollout_phase${IN})`,
      ],
      columns: [
        { of: "namespace", title: "namespace" },
        { of: "name", title: "name", link: TO_ROLLOUT },
        { of: "phase", title: "phase now", mappings: [PHASES] },
        { of: "result", title: "last run" },
        { of: "reason", title: "reason" },
        { of: valueField(0), title: "ended", unit: "dateTimeFromNow" },
      ],
    }),
  ],
};

/** What is being released, what waits for somebody, and what became of releases. */
export function rolloutsDashboard(): Dashboard {
  return dashboard({
    uid: "sluice-rollouts",
    title: "Sluice / Rollouts",
    description: "What is being released, what waits for somebody, and what became of releases.",
    span: "6h",
    variables: [
      labelVariable("namespace", "Namespace", "label_values(sluice_rollout_phase, namespace)", {
        includeAll: true,
        multi: true,
        allValue: ".*",
        current: { text: "All", value: "$__all" },
      }),
    ],
    rows: [NOW, UNDER_WAY, WEIGHTS, OUTCOMES, LAST],
  });
}
