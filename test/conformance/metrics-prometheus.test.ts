import { describe } from "vitest";
import { SystemClock } from "../../src/lib/clock.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { PrometheusSource } from "../../src/metrics/prometheus/prometheus-source.ts";
import { inProcessAdapter } from "../../src/sim/prometheus/axios-adapter.ts";
import { EmbeddedPrometheus } from "../../src/sim/prometheus/embedded-prometheus.ts";
import { listenPrometheus } from "../../src/sim/prometheus/http-server.ts";
import { copySeries } from "../support/istio-samples.ts";
import { installedPrometheus, RealPrometheus } from "../support/real-prometheus.ts";
import { metricsContract } from "./metrics.contract.ts";

metricsContract("PrometheusSource on the embedded Prometheus, in-process and on virtual time", async () => {
  const clock = new VirtualClock();
  const prometheus = new EmbeddedPrometheus({ clock, scrapeIntervalMs: 5_000 });
  return {
    source: new PrometheusSource({ clock, url: "http://prometheus", adapter: inProcessAdapter(prometheus) }),
    record: async (store) => copySeries(store, prometheus.store),
    settled: async (work) => {
      await clock.advance(1_000);
      return work;
    },
    close: async () => prometheus.close(),
  };
});

metricsContract("PrometheusSource on the embedded Prometheus over HTTP", async () => {
  const clock = new SystemClock();
  const prometheus = new EmbeddedPrometheus({ clock, scrapeIntervalMs: 5_000 });
  const server = await listenPrometheus(prometheus, { host: "127.0.0.1", port: 0 });
  return {
    source: new PrometheusSource({ clock, url: server.url, batchWindowMs: 1 }),
    record: async (store) => copySeries(store, prometheus.store),
    settled: (work) => work,
    close: () => server.close(),
  };
});

const version = installedPrometheus();
if (version === null) console.log("skipped: the contract on a real Prometheus needs `prometheus` in PATH");

describe.skipIf(version === null)("with a real Prometheus", () => {
  metricsContract("PrometheusSource", async () => {
    const prometheus = await RealPrometheus.start();
    return {
      source: new PrometheusSource({ clock: new SystemClock(), url: prometheus.url, batchWindowMs: 1 }),
      record: (store) => prometheus.write([...store.all()]),
      settled: (work) => work,
      close: () => prometheus.stop(),
    };
  });
});
