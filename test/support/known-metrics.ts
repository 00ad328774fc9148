import { FLAGGER_METRICS } from "../../src/app/own-metrics/flagger-metrics.ts";
import { AREAS } from "../../src/app/own-metrics/own-metrics.ts";
import type { MetricDefinition } from "../../src/telemetry/metric-definition.ts";
import { MetricsRegistry } from "../../src/telemetry/metrics-registry.ts";
import type { UsedMetric } from "./promql-names.ts";

/** What service discovery gives every series of ours. */
const TARGET_LABELS = ["job", "instance", "namespace", "pod", "container", "service", "endpoint"];

/** Istio's standard metrics, as far as anybody here asks for them. */
const ISTIO_LABELS = [
  "reporter",
  "destination_workload",
  "destination_workload_namespace",
  "response_code",
  "response_flags",
  "le",
];

/** Series names to the labels that they have. */
function knownSeries(): ReadonlyMap<string, readonly string[]> {
  const own = [...Object.values(AREAS), FLAGGER_METRICS].flatMap((area): MetricDefinition[] =>
    Object.values(area),
  );
  const registry = new MetricsRegistry();
  registry.addProcessMetrics();
  return new Map([
    ...own.flatMap(seriesOf),
    ...registry.describe().map(({ name }) => [name, TARGET_LABELS] as const),
    ["istio_requests_total", ISTIO_LABELS],
    ["istio_request_duration_milliseconds_bucket", ISTIO_LABELS],
  ]);
}

function seriesOf({
  kind,
  name,
  labels,
}: MetricDefinition): readonly (readonly [string, readonly string[]])[] {
  const known = [...Object.keys(labels), ...TARGET_LABELS];
  if (kind !== "histogram") return [[name, known]];
  return [
    [`${name}_bucket`, [...known, "le"]],
    [`${name}_sum`, known],
    [`${name}_count`, known],
  ];
}

const KNOWN = knownSeries();

/** What nobody shows: a metric that is not defined, or a label that it does not have. */
export function unknownIn(used: readonly UsedMetric[]): readonly string[] {
  return used.flatMap(({ name, labels }) => {
    const known = KNOWN.get(name);
    if (known === undefined) return [`no metric ${name}`];
    return labels.filter((label) => !known.includes(label)).map((label) => `${name} has no label ${label}`);
  });
}
