import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PodRow } from "../../src/api/evidence.ts";
import { SystemClock } from "../../src/lib/clock.ts";
import { PodTraffic } from "../../src/metrics/prometheus/pod-traffic.ts";
import { inProcessAdapter } from "../../src/sim/prometheus/axios-adapter.ts";
import { EmbeddedPrometheus } from "../../src/sim/prometheus/embedded-prometheus.ts";
import type { SeriesStore } from "../../src/sim/prometheus/series-store.ts";
import { copySeries, type IstioSeries, istioStore } from "../support/istio-samples.ts";
import { installedPrometheus, RealPrometheus } from "../support/real-prometheus.ts";

const START_MS = Date.UTC(2026, 0, 5, 9, 0, 0);
const INTERVAL_MS = 15_000;
const RANGE = { fromMs: START_MS + INTERVAL_MS, toMs: START_MS + 3 * INTERVAL_MS };

const SCRAPES = [1, 2, 3, 4];

interface Source {
  readonly traffic: PodTraffic;
  record(store: SeriesStore): Promise<void>;
  close(): Promise<void>;
}

type Given = Omit<IstioSeries, "namespace" | "workload"> & { readonly workload?: string };

/** What PodTraffic makes of a Prometheus, embedded or real. */
function podTrafficContract(name: string, create: () => Promise<Source>): void {
  describe(`requests by pod, from ${name}`, () => {
    let source: Source;
    let namespaces = 0;
    beforeAll(async () => {
      source = await create();
    });
    afterAll(() => source.close());

    /** Records series in a namespace of their own, scraped every 15 s. */
    async function recorded(...series: readonly Given[]) {
      const arm = { namespace: `pods-${namespaces++}`, workload: "checkout-primary" };
      const named = series.map((one) => ({ ...arm, ...one }));
      await source.record(istioStore(named, { startMs: START_MS, scrapeMs: INTERVAL_MS }));
      return arm;
    }

    const labelOf = async (...series: readonly Given[]) =>
      source.traffic.podLabel(await recorded(...series), RANGE, null);

    it("are increments of requests, errors and buckets of each pod", async () => {
      const arm = await recorded(
        { pod: "a", scrapes: [0, 10, 20, 40] },
        { pod: "a", code: "503", scrapes: [0, 0, 1, 1] },
        { pod: "a", metric: "latency", le: "100", scrapes: [0, 9, 19, 39] },
        { pod: "a", metric: "latency", le: "+Inf", scrapes: [0, 10, 21, 41] },
        { pod: "b", scrapes: [5, 6, "gone", null] },
        { pod: "client", reporter: "source", scrapes: [0, 100, 200, 300] },
      );
      const rows: PodRow[] = [];
      for await (const portion of source.traffic.rows(arm, "pod", { ...RANGE, stepMs: INTERVAL_MS }))
        rows.push(...portion);
      expect(rows.map((row) => ({ ...row, pods: Object.fromEntries(row.pods) }))).toEqual([
        {
          endMs: RANGE.fromMs,
          pods: {
            a: { requests: 10, errors: 0, latencyMs: { "100": 9, "+Inf": 10 } },
            b: { requests: 1, errors: 0, latencyMs: null },
          },
        },
        {
          endMs: RANGE.fromMs + INTERVAL_MS,
          pods: { a: { requests: 11, errors: 1, latencyMs: { "100": 10, "+Inf": 11 } } },
        },
        { endMs: RANGE.toMs, pods: { a: { requests: 20, errors: 0, latencyMs: { "100": 20, "+Inf": 20 } } } },
      ]);
    });

    it.each(["pod", "pod_name", "kubernetes_pod_name", "k8s_pod_name", "instance"])(
      "are told apart by %s",
      async (label) => {
        const series = ["a", "b"].map((pod) => ({ pod: null, labels: { [label]: pod }, scrapes: SCRAPES }));
        expect(await labelOf(...series)).toEqual({ ok: true, label, pods: ["a", "b"] });
      },
    );

    it("are told apart by the label that differs, where the usual one is a collector's", async () => {
      const collected = ["a", "b"].map((instance) => ({
        pod: "collector",
        labels: { instance },
        scrapes: SCRAPES,
      }));
      expect(await labelOf(...collected)).toEqual({ ok: true, label: "instance", pods: ["a", "b"] });
      const renamed = collected.map((one, index) => ({
        ...one,
        labels: { exported_pod: `pod-${index}`, instance: "x" },
      }));
      expect(await labelOf(...renamed)).toEqual({
        ok: true,
        label: "exported_pod",
        pods: ["pod-0", "pod-1"],
      });
    });

    it("may be those of one pod only", async () => {
      expect(await labelOf({ pod: "only", scrapes: SCRAPES })).toEqual({
        ok: true,
        label: "pod",
        pods: ["only"],
      });
    });

    it("cannot be had without a label for it: what there is instead is named", async () => {
      const series = ["a", "b"].map((host) => ({ pod: null, labels: { host }, scrapes: SCRAPES }));
      const found = await labelOf(...series);
      expect(found).toMatchObject({ ok: false, seen: ["host (2 values)"] });
      expect(found).toHaveProperty(
        "problem",
        expect.stringContaining(
          "cannot be told apart: its istio_requests_total has none of the labels exported_pod, pod, ",
        ),
      );
      const arm = await recorded(...series);
      expect(await source.traffic.podLabel(arm, RANGE, "host")).toEqual({
        ok: true,
        label: "host",
        pods: ["a", "b"],
      });
      expect(await source.traffic.podLabel(arm, RANGE, "nohost")).toHaveProperty(
        "problem",
        expect.stringContaining("has no label nohost"),
      );
      expect(await source.traffic.podLabel(arm, RANGE, 'x"} or vector(1)')).toMatchObject({
        ok: false,
        seen: [],
      });
    });

    it("cannot be had from callers, nor of a workload that nobody knows", async () => {
      const callers = await labelOf({ reporter: "source", pod: "client", scrapes: SCRAPES });
      expect(callers).toHaveProperty("problem", expect.stringContaining("only its callers tell of it"));
      const nobody = await labelOf({ workload: "another", scrapes: SCRAPES });
      expect(nobody).toHaveProperty("problem", expect.stringContaining("is the workload's name right"));
    });
  });
}

podTrafficContract("the embedded Prometheus", async () => {
  const clock = new SystemClock();
  const prometheus = new EmbeddedPrometheus({ clock, scrapeIntervalMs: INTERVAL_MS });
  return {
    traffic: new PodTraffic({ clock, url: "http://prometheus", adapter: inProcessAdapter(prometheus) }),
    record: async (store) => copySeries(store, prometheus.store),
    close: async () => prometheus.close(),
  };
});

const isMissing = installedPrometheus() === null;
if (isMissing) console.log("skipped: requests by pod from a real Prometheus need `prometheus` in PATH");

describe.skipIf(isMissing)("with a real Prometheus", () => {
  podTrafficContract("it", async () => {
    const prometheus = await RealPrometheus.start();
    return {
      traffic: new PodTraffic({ clock: new SystemClock(), url: prometheus.url }),
      record: (store) => prometheus.write([...store.all()]),
      close: () => prometheus.stop(),
    };
  });
});
