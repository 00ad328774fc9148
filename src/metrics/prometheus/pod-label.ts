import type { Arm } from "../metrics.ts";
import { REQUESTS_METRIC } from "./istio-query.ts";
import { quoted } from "./promql-text.ts";
import type { QueryClient, ResultSeries, Rows } from "./query-client.ts";

/**
 * Which label tells the pods of a workload apart. Istio's own labels do not: it comes from the scrape, and every
 * configuration of Prometheus calls it something else.
 */
export type PodLabel =
  | { readonly ok: true; readonly label: string; readonly pods: readonly string[] }
  | {
      readonly ok: false;
      readonly problem: string;
      /** What the scrape has put on the series instead, with how many values each; empty where there are no series. */
      readonly seen: readonly string[];
    };

/**
 * In the order in which they are tried: with a collector in between `pod` is the collector's own, and the pod's
 * `exported_pod`; then Istio's samples and the Prometheus operator (`pod`, `pod_name`), older samples, OpenTelemetry;
 * an address at last.
 */
const USUAL_LABELS = [
  "exported_pod",
  "pod",
  "pod_name",
  "kubernetes_pod_name",
  "k8s_pod_name",
  "instance",
] as const;

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Labels that Istio sets itself. */
const STANDARD = /^(__name__|reporter|source_|destination_|request_|response_|grpc_|connection_)/;
/** Moments at which is looked, and series for telling which labels there are. */
const MOMENTS = 60;
const SERIES_SHOWN = 50;
const LABELS_SHOWN = 15;

/** What the receiving proxies of a workload report: only there a series belongs to the pod that it was scraped from. */
export function receivedBy(metric: string, { namespace, workload }: Arm): string {
  const labels = `destination_workload_namespace=${quoted(namespace)},destination_workload=${quoted(workload)}`;
  return `${metric}{reporter="destination",${labels}}`;
}

/** Finds the label, or takes the one that is named. Rejects with QueryFailure. */
export async function findPodLabel(
  client: QueryClient,
  arm: Arm,
  { fromMs, toMs }: Pick<Rows, "fromMs" | "toMs">,
  named: string | null,
  signal: AbortSignal,
): Promise<PodLabel> {
  if (named !== null && !LABEL_NAME.test(named)) {
    return { ok: false, problem: `${named} is not a label's name: want letters, digits and _`, seen: [] };
  }
  const rows: Rows = { fromMs, toMs, stepMs: Math.max(1_000, Math.ceil((toMs - fromMs) / MOMENTS)) };
  const selector = receivedBy(REQUESTS_METRIC, arm);
  const tried = named === null ? USUAL_LABELS : [named];
  const found = await client.run(`count by (${tried.join(", ")}) (${selector})`, rows, signal);
  if (found.length === 0) {
    return { ok: false, problem: await explainSilence(client, arm, rows, signal), seen: [] };
  }
  const candidates = tried.map((label) => ({ label, pods: valuesOf(found, label) }));
  const present = candidates.filter(({ pods }) => pods.length > 0);
  const label = present.find(({ pods }) => pods.length > 1) ?? present[0];
  if (label !== undefined) return { ok: true, ...label };
  const sample = await client.run(`topk(${SERIES_SHOWN}, ${selector})`, rows, signal);
  const none = named === null ? `none of the labels ${tried.join(", ")}` : `no label ${named}`;
  const problem = `the pods of ${arm.namespace}/${arm.workload} cannot be told apart: its ${REQUESTS_METRIC} has ${none}`;
  return { ok: false, problem, seen: labelsOf(sample) };
}

/** Distinct values; a series without the label has none of it, so that the label does not tell all pods apart. */
function valuesOf(series: readonly ResultSeries[], label: string): readonly string[] {
  const values = series.map(({ labels }) => labels[label] ?? "");
  return values.includes("") ? [] : [...new Set(values)].sort();
}

async function explainSilence(
  client: QueryClient,
  arm: Arm,
  rows: Rows,
  signal: AbortSignal,
): Promise<string> {
  const silence = `no ${receivedBy(REQUESTS_METRIC, arm)} in that time`;
  const callers = receivedBy(REQUESTS_METRIC, arm).replace('reporter="destination"', 'reporter="source"');
  const told = await client.run(`count(${callers})`, rows, signal);
  return told.length === 0
    ? `${silence}: is the workload's name right, and are its sidecars scraped?`
    : `${silence}; only its callers tell of it (reporter="source"), and they do not know which pod answered: its own sidecars must be scraped`;
}

/** The labels of the scrape, those with the most values first. */
function labelsOf(series: readonly ResultSeries[]): readonly string[] {
  const values = new Map<string, Set<string>>();
  for (const { labels } of series) {
    for (const [name, value] of Object.entries(labels)) {
      if (STANDARD.test(name)) continue;
      const known = values.get(name) ?? new Set();
      values.set(name, known.add(value));
    }
  }
  return [...values]
    .sort(([a, of], [b, others]) => others.size - of.size || (a < b ? -1 : 1))
    .slice(0, LABELS_SHOWN)
    .map(([name, { size }]) => `${name} (${size} ${size === 1 ? "value" : "values"})`);
}
