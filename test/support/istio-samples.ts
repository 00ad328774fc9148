import { SeriesStore } from "../../src/sim/prometheus/series-store.ts";
import { Labels, METRIC_NAME } from "../../src/sim/promql/labels.ts";

/** One time series of Istio's, written down scrape by scrape. */
export interface IstioSeries {
  readonly metric?: keyof typeof NAMES;
  readonly namespace: string;
  readonly workload: string;
  /** Default destination. */
  readonly reporter?: "source" | "destination";
  /** Default 200. */
  readonly code?: string;
  readonly le?: string;
  /** Envoy's response flags. Default "-"; null: Istio was told not to report them. */
  readonly flags?: string | null;
  /** Default "a"; null: the scrape sets no such label. */
  readonly pod?: string | null;
  /** Further labels of the scrape. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * What each scrape saw, the first one at the beginning of the minute: a number, "gone" (scraped, and no longer
   * there: a staleness marker) or null (not scraped).
   */
  readonly scrapes: readonly (number | "gone" | null)[];
}

const NAMES = {
  requests: "istio_requests_total",
  latency: "istio_request_duration_milliseconds_bucket",
  opened: "istio_tcp_connections_opened_total",
  closed: "istio_tcp_connections_closed_total",
  sent: "istio_tcp_sent_bytes_total",
  received: "istio_tcp_received_bytes_total",
};

/** A store with the series, scraped every `scrapeMs` from `startMs` on. */
export function istioStore(
  series: readonly IstioSeries[],
  { startMs, scrapeMs }: { readonly startMs: number; readonly scrapeMs: number },
): SeriesStore {
  const store = new SeriesStore();
  for (const one of series) {
    const {
      metric = "requests",
      reporter = "destination",
      code = "200",
      le = "",
      pod = "a",
      flags = "-",
    } = one;
    const labels = Labels.of({
      [METRIC_NAME]: NAMES[metric],
      destination_workload: one.workload,
      destination_workload_namespace: one.namespace,
      reporter,
      response_code: code,
      response_flags: flags ?? "",
      le,
      pod: pod ?? "",
      ...one.labels,
    });
    one.scrapes.forEach((seen, index) => {
      const timeMs = startMs + index * scrapeMs;
      if (seen === "gone") store.markStale(labels, timeMs);
      else if (seen !== null) store.append(labels, timeMs, seen);
    });
  }
  return store;
}

/** Writes down in one store what another has, staleness markers included. */
export function copySeries(from: SeriesStore, to: SeriesStore): void {
  for (const { labels, times, values, staleTimes } of from.all()) {
    const events = [
      ...times.map((timeMs, index) => ({ timeMs, value: values[index] as number | null })),
      ...staleTimes.map((timeMs) => ({ timeMs, value: null })),
    ].sort((a, b) => a.timeMs - b.timeMs);
    for (const { timeMs, value } of events) {
      if (value === null) to.markStale(labels, timeMs);
      else to.append(labels, timeMs, value);
    }
  }
}
