import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EvidenceRow } from "../../src/api/evidence.ts";
import type { MetricSpec } from "../../src/api/spec.ts";
import type { EvidenceQuery, MetricsSource } from "../../src/metrics/metrics.ts";
import type { SeriesStore } from "../../src/sim/prometheus/series-store.ts";
import { Labels, METRIC_NAME } from "../../src/sim/promql/labels.ts";
import { type IstioSeries, istioStore } from "../support/istio-samples.ts";

/** A metrics source and the samples behind it. */
export interface MetricsWorld {
  readonly source: MetricsSource;
  /** Adds samples; tests keep apart by namespaces. */
  record(store: SeriesStore): Promise<void>;
  /** Awaits a fetch, letting time pass on the world's clock. */
  settled<T>(work: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const START_MS = Date.UTC(2026, 0, 5, 9, 0, 0);
const SCRAPE_MS = 5_000;
const INTERVAL_MS = 15_000;

/** End of the n-th interval after the first scrape. Scrapes 0, 3, 6... fall exactly on the ends. */
function end(n: number): number {
  return START_MS + n * INTERVAL_MS;
}

/** What every member of the metrics family promises. */
export function metricsContract(name: string, create: () => Promise<MetricsWorld>): void {
  describe(`${name} as a metrics source`, () => {
    let world: MetricsWorld;
    let namespaces = 0;
    beforeAll(async () => {
      world = await create();
    });
    afterAll(() => world.close());

    type Given = Omit<IstioSeries, "namespace">;

    /** Rows 1 to `rows` of shop's checkout, after its series were recorded in a namespace of their own. */
    async function rowsOf(
      series: readonly Given[],
      query: Partial<EvidenceQuery> & { readonly rows?: number; readonly store?: SeriesStore } = {},
    ): Promise<readonly EvidenceRow[]> {
      const namespace = query.canary?.namespace ?? `shop-${namespaces++}`;
      const { rows = 2, store, ...rest } = query;
      await world.record(
        store ??
          istioStore(
            series.map((one) => ({ ...one, namespace })),
            { startMs: START_MS, scrapeMs: SCRAPE_MS },
          ),
      );
      return world.settled(
        world.source.fetch({
          canary: { namespace, workload: "checkout" },
          primary: { namespace, workload: "checkout-primary" },
          variables: { name: "checkout" },
          intervalMs: INTERVAL_MS,
          fromMs: end(1),
          toMs: end(rows),
          metrics: [{ name: "latency", percentile: 99, max: "500ms", onFail: "rollback" }],
          phase: "live",
          counts: "requests",
          ...rest,
        }),
      );
    }

    const counts = (requests: number, errors = 0) => ({ requests, errors, latencyMs: null });
    const canaries = (rows: readonly EvidenceRow[]) => rows.map((row) => row.canary?.requests ?? null);

    describe("counts requests", () => {
      it("as exact increments for each interval, oldest first", async () => {
        const rows = await rowsOf([
          { workload: "checkout", scrapes: [100, 101, 103, 106, 110, 110, 120] },
          { workload: "checkout", code: "503", scrapes: [0, 0, 1, 1, 1, 2, 3] },
          { workload: "checkout-primary", scrapes: [1000, 1001, 1002, 1030, 1040, 1050, 1100] },
        ]);
        expect(rows).toEqual([
          // The counter itself was first seen at the start of row 1, so row 1 has what came after it.
          { endMs: end(1), canary: counts(7, 1), primary: counts(30), own: {} },
          { endMs: end(2), canary: counts(16, 2), primary: counts(70), own: {} },
        ]);
      });

      it("of new pods from zero", async () => {
        const rows = await rowsOf([
          { workload: "checkout", scrapes: [50, 50, 50, 50, 50, 50, 50] },
          { workload: "checkout", pod: "b", scrapes: [null, null, null, null, 4, 6, 9] },
        ]);
        expect(canaries(rows)).toEqual([0, 9]);
      });

      it("after a restart from the new value", async () => {
        const rows = await rowsOf([{ workload: "checkout", scrapes: [100, 100, 100, 110, 120, 2, 7] }]);
        expect(canaries(rows)).toEqual([10, 7]);
      });

      it("that were missed by scrapes in the first row after the gap, and none twice", async () => {
        const gap = Array.from({ length: 9 }, () => null);
        const rows = await rowsOf([{ workload: "checkout", scrapes: [10, 11, 12, 20, ...gap, 70, 71, 80] }], {
          rows: 5,
        });
        expect(canaries(rows).reduce((sum: number, n) => sum + (n ?? 0), 0)).toBe(70);
        expect(canaries(rows)).toEqual([10, 0, 0, 0, 60]);
      });

      it("that a target reported after it had been unreachable", async () => {
        const rows = await rowsOf(
          [
            {
              workload: "checkout",
              scrapes: [10, 11, 12, 20, "gone", null, null, null, null, 35, 35, 35, 36],
            },
          ],
          { rows: 4 },
        );
        expect(canaries(rows)).toEqual([10, null, 15, 1]);
      });

      it("no longer of a pod that is gone, and gives null when none is left", async () => {
        const rows = await rowsOf(
          [
            { workload: "checkout", scrapes: [10, 20, 30, 40, 50, "gone"] },
            { workload: "checkout-primary", scrapes: [10, 20, 30, 40, 50, "gone"] },
            { workload: "checkout-primary", pod: "b", scrapes: [1, 2, 3, 4, 5, 6, 7] },
          ],
          { rows: 3 },
        );
        expect(rows.map(({ canary, primary }) => [canary?.requests, primary?.requests])).toEqual([
          [30, 33],
          [undefined, 3],
          [undefined, 0],
        ]);
      });

      it("of nobody as null without an error", async () => {
        expect(await rowsOf([])).toEqual([
          { endMs: end(1), canary: null, primary: null, own: {} },
          { endMs: end(2), canary: null, primary: null, own: {} },
        ]);
      });

      it("and as errors 5xx and requests without a response, not 4xx", async () => {
        const grown = [0, 0, 0, 1];
        const rows = await rowsOf(
          ["200", "404", "429", "500", "504", "0"].map((code) => ({
            workload: "checkout",
            code,
            scrapes: grown,
          })),
          { rows: 1 },
        );
        expect(rows[0]?.canary).toEqual(counts(6, 3));
      });

      it("in a single row like in many", async () => {
        const series = [{ workload: "checkout", scrapes: [0, 3, 5, 9, 12, 14, 30] }];
        const namespace = `shop-${namespaces++}`;
        const canary = { namespace, workload: "checkout" };
        const all = await rowsOf(series, { canary });
        const last = await rowsOf([], {
          canary,
          store: istioStore([], { startMs: 0, scrapeMs: 1 }),
          fromMs: end(2),
        });
        expect(last).toEqual(all.slice(1));
        expect(canaries(last)).toEqual([21]);
      });
    });

    describe("believes", () => {
      const dead: readonly Given[] = [
        { workload: "checkout", reporter: "source", code: "503", flags: "UF,URX", scrapes: [0, 5, 10, 20] },
        { workload: "checkout", reporter: "source", scrapes: [0, 1, 2, 3] },
        { workload: "checkout", reporter: "destination", scrapes: [0, 1, 2, 3] },
      ];

      it("the source about requests that reached nobody: a dead canary shows only there", async () => {
        expect((await rowsOf(dead, { rows: 1 }))[0]?.canary).toEqual(counts(23, 20));
        expect((await rowsOf(dead.slice(0, 2), { rows: 1 }))[0]?.canary).toEqual(counts(23, 20));
      });

      it("each request once, though both reporters tell of it and are scraped at different instants", async () => {
        const rows = await rowsOf(
          ["200", "503"].flatMap((code): Given[] => [
            { workload: "checkout", code, reporter: "source", scrapes: [0, 0, 0, 1, 1, 1, 1, 1, 1, 2] },
            { workload: "checkout", code, reporter: "destination", scrapes: [0, 0, 0, 0, 1, 1, 1, 1, 1, 2] },
          ]),
          { rows: 3 },
        );
        expect(rows.map(({ canary }) => canary)).toEqual([counts(0), counts(2, 1), counts(2, 1)]);
      });

      it("the larger of both reporters where there are no response flags", async () => {
        const bare = dead.map((series) => ({ ...series, flags: null }));
        expect((await rowsOf(bare, { rows: 1 }))[0]?.canary).toEqual(counts(23, 20));
      });

      it("callers' proxies about where live requests were sent, which none but they can tell from mirrored ones", async () => {
        const rows = await rowsOf([
          { workload: "checkout", scrapes: [0, 30, 60, 90] },
          { workload: "checkout", reporter: "source", scrapes: [0, 3, 6, 9] },
          { workload: "checkout-primary", reporter: "source", scrapes: [0, 30, 60, 91] },
        ]);
        expect(rows[0]?.sent).toEqual({ canary: 9, primary: 91 });
        const alone = await rowsOf([
          { workload: "checkout-primary", reporter: "source", scrapes: [0, 30, 60, 91] },
        ]);
        expect(alone[0]?.sent).toEqual({ canary: 0, primary: 91 });
        expect((await rowsOf([{ workload: "checkout", scrapes: [0, 30, 60, 90] }]))[0]).not.toHaveProperty(
          "sent",
        );
      });

      it("the destination when retries hide its errors from the source", async () => {
        const rows = await rowsOf(
          [
            { workload: "checkout", reporter: "source", scrapes: [0, 0, 0, 100] },
            { workload: "checkout", reporter: "destination", scrapes: [0, 0, 0, 90] },
            { workload: "checkout", reporter: "destination", code: "500", scrapes: [0, 0, 0, 30] },
          ],
          { rows: 1 },
        );
        expect(rows[0]?.canary).toEqual(counts(120, 30));
      });

      it("only the destination about the canary in the shadow phase", async () => {
        expect((await rowsOf(dead, { rows: 1, phase: "shadow" }))[0]?.canary).toEqual(counts(3));
        const unseen = await rowsOf(dead.slice(0, 2), { rows: 1, phase: "shadow" });
        expect(unseen[0]?.canary).toBeNull();
      });

      const buckets = (reporter: "source" | "destination", factor: number): readonly Given[] =>
        [
          { le: "10", top: 5 },
          { le: "+Inf", top: 9 },
        ].map(({ le, top }) => ({
          metric: "latency",
          workload: "checkout",
          reporter,
          le,
          scrapes: [0, 0, 0, top * factor],
        }));
      const served: Given = { workload: "checkout", scrapes: [0, 0, 0, 9] };

      it("the destination's latency, and the source's when there is no other", async () => {
        const both = await rowsOf([served, ...buckets("destination", 1), ...buckets("source", 2)], {
          rows: 1,
        });
        expect(both[0]?.canary?.latencyMs).toEqual({ "10": 5, "+Inf": 9 });
        const source = await rowsOf([served, ...buckets("source", 2)], { rows: 1 });
        expect(source[0]?.canary?.latencyMs).toEqual({ "10": 10, "+Inf": 18 });
        const shadow = await rowsOf([served, ...buckets("source", 2)], { rows: 1, phase: "shadow" });
        expect(shadow[0]?.canary?.latencyMs).toBeNull();
      });
    });

    describe("counts connections where requests cannot be told apart", () => {
      it("and not requests: those opened, those that did not come about, and what went over them", async () => {
        const client = { workload: "checkout", reporter: "source" } as const;
        const rows = await rowsOf(
          [
            { workload: "checkout", scrapes: [0, 0, 0, 9, 9, 9, 9] },
            { workload: "checkout", metric: "opened", scrapes: [0, 0, 0, 40, 40, 40, 40] },
            { workload: "checkout", metric: "sent", scrapes: [0, 0, 0, 900, 900, 900, 1_000] },
            { workload: "checkout", metric: "received", scrapes: [0, 0, 0, 100, 100, 100, 120] },
            { ...client, metric: "opened", scrapes: [0, 0, 0, 50, 50, 50, 50] },
            { ...client, metric: "closed", scrapes: [0, 0, 0, 7, 7, 7, 20] },
            { ...client, metric: "closed", flags: "UF,URX", scrapes: [0, 0, 0, 10, 10, 10, 10] },
          ],
          { counts: "connections", metrics: [] },
        );
        expect(rows).toMatchObject([
          { canary: counts(50, 10), sent: { canary: 50 }, bytes: { canary: 1_000, primary: 0 } },
          { canary: counts(0), bytes: { canary: 120, primary: 0 } },
        ]);
      });
    });

    describe("asks own queries", () => {
      const depth = (workload: string, pod: string, value: number) => ({ workload, pod, value });

      async function own(
        query: string,
        options: { readonly baseline?: MetricSpec["baseline"]; readonly rows?: number } = {},
      ) {
        const namespace = `shop-${namespaces++}`;
        const store = istioStore([], { startMs: 0, scrapeMs: 1 });
        for (const { workload, pod, value } of [
          depth("checkout", "a", 5),
          depth("checkout", "b", 7),
          depth("checkout-primary", "a", 3),
          depth("odd", "nan", Number.NaN),
          depth("odd", "inf", Number.POSITIVE_INFINITY),
        ]) {
          const labels = Labels.of({ [METRIC_NAME]: "queue_depth", workload, pod, namespace });
          for (let timeMs = START_MS; timeMs <= end(4); timeMs += SCRAPE_MS)
            store.append(labels, timeMs, value);
        }
        const { rows = 1, ...baseline } = options;
        const metric: MetricSpec = { name: "depth", query, max: 10, onFail: "rollback", ...baseline };
        const canary = { namespace, workload: "checkout" };
        const found = await rowsOf([], {
          canary,
          primary: { namespace, workload: "checkout-primary" },
          store,
          rows,
          metrics: [metric],
        });
        expect(found.every(({ error }) => error === undefined)).toBe(true);
        return found.map((row) => row.own["depth"]);
      }

      it("for the canary, and for the primary where there is a baseline", async () => {
        const query = 'max(queue_depth{workload="{{ target }}",namespace="{{ namespace }}"})';
        expect(await own(query)).toEqual([{ canary: 7, primary: null }]);
        expect(await own(query, { baseline: {}, rows: 3 })).toEqual([
          { canary: 7, primary: 3 },
          { canary: 7, primary: 3 },
          { canary: 7, primary: 3 },
        ]);
      });

      it.each([
        ["no data", 'queue_depth{workload="nobody"}', "canary: no data"],
        [
          "several series",
          'queue_depth{workload="{{ target }}",namespace="{{ namespace }}"}',
          "canary: 2 series, want one",
        ],
        ["NaN", 'queue_depth{pod="nan",namespace="{{ namespace }}"}', "canary: the value is NaN"],
        [
          "an infinite value",
          'queue_depth{pod="inf",namespace="{{ namespace }}"}',
          "canary: the value is +Inf",
        ],
        [
          "a variable that nobody knows",
          "vector({{ nothing }})",
          "canary: unknown variable {{ nothing }} in the query",
        ],
      ])("and says so when there is %s", async (_, query, error) => {
        const nothing = { canary: null, primary: null, error };
        expect(await own(query)).toEqual([nothing]);
        expect(await own(query, { rows: 2 })).toEqual([nothing, nothing]);
      });

      it("that give a scalar", async () => {
        expect(await own("1 + 1")).toEqual([{ canary: 2, primary: null }]);
        expect(await own("1 + 1", { rows: 2 })).toEqual([
          { canary: 2, primary: null },
          { canary: 2, primary: null },
        ]);
      });

      it("and reports one that is refused, without harm to the rest", async () => {
        const [sample] = await own("sum(");
        expect(sample).toMatchObject({ canary: null, primary: null });
        expect(sample?.error).toMatch(/^canary: Prometheus refused the query, HTTP 400: .*parse error/);
      });
    });

    describe("never rejects", () => {
      it("when it is cancelled before or while it asks", async () => {
        const controller = new AbortController();
        const query: EvidenceQuery = {
          canary: { namespace: "shop", workload: "checkout" },
          primary: { namespace: "shop", workload: "checkout-primary" },
          variables: {},
          intervalMs: INTERVAL_MS,
          fromMs: end(1),
          toMs: end(2),
          metrics: [],
          phase: "live",
          counts: "requests",
        };
        const during = world.source.fetch(query, controller.signal);
        controller.abort(new Error("no longer wanted"));
        for (const rows of [await during, await world.source.fetch(query, controller.signal)]) {
          expect(rows).toEqual(
            [end(1), end(2)].map((endMs) => ({
              endMs,
              canary: null,
              primary: null,
              own: {},
              error: "the query was cancelled",
            })),
          );
        }
      });

      it("when there is nothing to ask for", async () => {
        expect(await rowsOf([], { fromMs: end(2), toMs: end(1) })).toEqual([]);
      });
    });
  });
}
