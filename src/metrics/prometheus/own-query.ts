import type { OwnMetricSample } from "../../api/evidence.ts";
import { type Rendered, renderQuery } from "../../api/query-template.ts";
import type { MetricSpec } from "../../api/spec.ts";
import { toError } from "../../lib/errors.ts";
import type { Arm, EvidenceQuery } from "../metrics.ts";
import { promDuration } from "./promql-text.ts";
import type { QueryClient, ResultSeries, Rows } from "./query-client.ts";

/** One value a row, or why there is none. */
type Values = (row: number) => { readonly value: number } | { readonly error: string };

/** Samples of one metric with a query of its own, by row. */
export type OwnSamples = (row: number) => OwnMetricSample;

/** Runs the metric's query for the canary and, where it has a baseline, for the primary. Never rejects. */
export async function ownSamples(
  client: QueryClient,
  metric: MetricSpec,
  query: EvidenceQuery,
  signal: AbortSignal,
): Promise<OwnSamples> {
  const wantsPrimary = metric.baseline !== undefined;
  const [canary, primary] = await Promise.all([
    valuesOf(client, metric, query, { arm: query.canary, signal }),
    wantsPrimary ? valuesOf(client, metric, query, { arm: query.primary, signal }) : null,
  ]);
  return (row) => {
    const ofCanary = canary(row);
    const ofPrimary = primary?.(row) ?? null;
    const errors = [
      ...("error" in ofCanary ? [`canary: ${ofCanary.error}`] : []),
      ...(ofPrimary !== null && "error" in ofPrimary ? [`primary: ${ofPrimary.error}`] : []),
    ];
    return {
      canary: "value" in ofCanary ? ofCanary.value : null,
      primary: ofPrimary !== null && "value" in ofPrimary ? ofPrimary.value : null,
      ...(errors.length === 0 ? {} : { error: errors.join("; ") }),
    };
  };
}

async function valuesOf(
  client: QueryClient,
  metric: MetricSpec,
  query: EvidenceQuery,
  { arm, signal }: { readonly arm: Arm; readonly signal: AbortSignal },
): Promise<Values> {
  const rendered = renderOwnQuery(metric, query, arm);
  if ("problem" in rendered) return () => ({ error: rendered.problem });
  const rows: Rows = { fromMs: query.fromMs, toMs: query.toMs, stepMs: query.intervalMs };
  try {
    const series = await client.run(rendered.query, rows, signal);
    return (row) => single(series, row);
  } catch (error) {
    const { message } = toError(error);
    return () => ({ error: message });
  }
}

/** A metric's own query as it is sent for one arm. */
export function renderOwnQuery(metric: MetricSpec, query: EvidenceQuery, arm: Arm): Rendered {
  return renderQuery(metric.query ?? "", variablesFor(query, arm));
}

/** `target` and `namespace` are those of the arm that is asked about; a caller's value for them gives way. */
function variablesFor(query: EvidenceQuery, arm: Arm): Record<string, string> {
  return {
    interval: promDuration(query.intervalMs),
    canary: query.canary.workload,
    primary: query.primary.workload,
    ...query.variables,
    target: arm.workload,
    namespace: arm.namespace,
  };
}

function single(series: readonly ResultSeries[], row: number): ReturnType<Values> {
  const found = series.flatMap(({ values }) => values.get(row) ?? []);
  const [value] = found;
  if (value === undefined) return { error: "no data" };
  if (found.length > 1) return { error: `${found.length} series, want one` };
  if (Number.isNaN(value)) return { error: "the value is NaN" };
  if (!Number.isFinite(value)) return { error: `the value is ${value > 0 ? "+Inf" : "-Inf"}` };
  return { value };
}
