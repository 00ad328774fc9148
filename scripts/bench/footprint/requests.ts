import { SystemClock } from "../../../src/lib/clock.ts";
import { EmbeddedPrometheus } from "../../../src/sim/prometheus/embedded-prometheus.ts";
import { listenPrometheus, type RunningServer } from "../../../src/sim/prometheus/http-server.ts";
import { Labels } from "../../../src/sim/promql/labels.ts";
import { NAMESPACE_NAME } from "./populate.ts";

const SCRAPE_MS = 15_000;
const HISTORY_MS = 600_000;
/** Requests a second of each canary, and of each primary. */
const RATES = [5, 95] as const;
/** Istio's buckets, and what share of the requests is in each: the slowest takes 250 ms. */
const BUCKETS: Readonly<Record<string, number>> = {
  ...{
    "0.5": 0,
    "1": 0,
    "5": 0.1,
    "10": 0.3,
    "25": 0.7,
    "50": 0.9,
    "100": 0.98,
    "250": 1,
    "500": 1,
    "1000": 1,
  },
  ...{ "2500": 1, "5000": 1, "10000": 1, "30000": 1, "60000": 1, "300000": 1, "600000": 1, "1800000": 1 },
  ...{ "3600000": 1, "+Inf": 1 },
};

interface Counter {
  readonly labels: Labels;
  readonly perSecond: number;
}

/** A Prometheus over HTTP that has seen healthy requests to canaries and primaries for ten minutes, and goes on seeing them. */
export class Requests {
  readonly #clock = new SystemClock();
  readonly #prometheus = new EmbeddedPrometheus({ clock: this.#clock, scrapeIntervalMs: SCRAPE_MS });
  readonly #startMs = this.#clock.now() - HISTORY_MS;
  readonly #counters: readonly Counter[];
  readonly #timer: NodeJS.Timeout;
  #server: RunningServer | null = null;

  constructor(names: readonly string[]) {
    this.#counters = names.flatMap((name) => [
      ...countersOf(name, RATES[0]),
      ...countersOf(`${name}-primary`, RATES[1]),
    ]);
    for (let atMs = this.#startMs; atMs <= this.#clock.now(); atMs += SCRAPE_MS) this.#scrape(atMs);
    this.#timer = setInterval(() => this.#scrape(this.#clock.now()), SCRAPE_MS);
  }

  /** Resolves to its URL. */
  async listen(): Promise<string> {
    this.#server = await listenPrometheus(this.#prometheus, { host: "127.0.0.1", port: 0 });
    return this.#server.url;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#prometheus.close();
    await this.#server?.close();
  }

  #scrape(atMs: number): void {
    const seconds = (atMs - this.#startMs) / 1_000;
    for (const { labels, perSecond } of this.#counters)
      this.#prometheus.store.append(labels, atMs, Math.floor(seconds * perSecond));
  }
}

function countersOf(workload: string, perSecond: number): readonly Counter[] {
  const shared = {
    reporter: "destination",
    destination_workload: workload,
    destination_workload_namespace: NAMESPACE_NAME,
    response_code: "200",
    response_flags: "-",
  };
  const total = Labels.of({ ...shared, __name__: "istio_requests_total" });
  const buckets = Object.entries(BUCKETS).map(([le, share]) => ({
    labels: Labels.of({ ...shared, le, __name__: "istio_request_duration_milliseconds_bucket" }),
    perSecond: perSecond * share,
  }));
  return [{ labels: total, perSecond }, ...buckets];
}
