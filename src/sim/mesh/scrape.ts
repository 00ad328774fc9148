import type { Labels, ProxyStats } from "./telemetry.ts";

/** One line of a metrics page. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** A proxy's metrics page, as a scraper sees it. */
export interface MetricPage {
  /** Which target it is: job, instance, namespace, pod. */
  readonly labels: Labels;
  collect(): readonly MetricSample[];
}

export const REQUESTS_METRIC = "istio_requests_total";
export const DURATION_METRIC = "istio_request_duration_milliseconds";

/** Of connections that no proxy looks into. */
const CONNECTION_METRICS = {
  opened: "istio_tcp_connections_opened_total",
  closed: "istio_tcp_connections_closed_total",
  sent: "istio_tcp_sent_bytes_total",
  received: "istio_tcp_received_bytes_total",
} as const;
const BUCKET_METRIC = `${DURATION_METRIC}_bucket`;
const SUM_METRIC = `${DURATION_METRIC}_sum`;
const COUNT_METRIC = `${DURATION_METRIC}_count`;

export function samplesOf(stats: ProxyStats): MetricSample[] {
  const samples: MetricSample[] = [];
  for (const series of stats.series()) {
    samples.push({ name: REQUESTS_METRIC, labels: series.labels, value: series.requests });
    let cumulative = 0;
    for (const [index, labels] of series.bucketLabels.entries()) {
      cumulative += series.buckets[index] ?? 0;
      samples.push({ name: BUCKET_METRIC, labels, value: cumulative });
    }
    samples.push({ name: SUM_METRIC, labels: series.labels, value: series.durationSumMs });
    samples.push({ name: COUNT_METRIC, labels: series.labels, value: series.requests });
  }
  for (const { labels, ...counts } of stats.connections()) {
    for (const [key, name] of Object.entries(CONNECTION_METRICS)) {
      samples.push({ name, labels, value: counts[key as keyof typeof CONNECTION_METRICS] });
    }
  }
  return samples;
}

const TYPES = [
  { name: REQUESTS_METRIC, type: "counter", help: "Requests handled by an Istio proxy." },
  { name: DURATION_METRIC, type: "histogram", help: "Duration of requests in milliseconds." },
  { name: CONNECTION_METRICS.opened, type: "counter", help: "Connections opened." },
  { name: CONNECTION_METRICS.closed, type: "counter", help: "Connections closed." },
  { name: CONNECTION_METRICS.sent, type: "counter", help: "Bytes sent as answers over connections." },
  { name: CONNECTION_METRICS.received, type: "counter", help: "Bytes received over connections." },
] as const;

/** All pages as one, in Prometheus' text format 0.0.4. Each series names its target (scrape it with honor_labels). */
export function exposition(pages: Iterable<MetricPage>): string {
  const lines = new Map<string, string[]>(TYPES.map(({ name }) => [name, []]));
  for (const page of pages) {
    for (const { name, labels, value } of page.collect()) {
      const family = lines.get(name.replace(/_(bucket|sum|count)$/, ""));
      family?.push(`${name}{${labelText({ ...labels, ...page.labels })}} ${value}`);
    }
  }
  return TYPES.map(({ name, type, help }) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...(lines.get(name) ?? []), ""].join("\n"),
  ).join("");
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, escaped)}"`)
    .join(",");
}

function escaped(character: string): string {
  return character === "\n" ? "\\n" : `\\${character}`;
}
