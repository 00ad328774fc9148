import { describe, expect, it } from "vitest";
import type { EvidenceRow } from "../../api/evidence.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { inProcessAdapter } from "../../sim/prometheus/axios-adapter.ts";
import { EmbeddedPrometheus } from "../../sim/prometheus/embedded-prometheus.ts";
import { Labels, METRIC_NAME } from "../../sim/promql/labels.ts";
import type { EvidenceQuery } from "../metrics.ts";
import { PrometheusSource } from "./prometheus-source.ts";

const INTERVAL_MS = 15_000;

/** `count` rollouts app-0, app-1, ...; app-n gets n requests an interval. */
function world(count: number) {
  const clock = new VirtualClock();
  const limits = { retentionMs: 86_400_000, maxSeries: 10_000 };
  const prometheus = new EmbeddedPrometheus({ clock, scrapeIntervalMs: 5_000, limits });
  const first = clock.now();
  for (let n = 0; n < count; n++) {
    for (let row = 0; row <= 4; row++) {
      const labels = Labels.of({
        [METRIC_NAME]: "istio_requests_total",
        destination_workload_namespace: `team-${n % 3}`,
        destination_workload: `app-${n}`,
        reporter: "destination",
        response_code: "200",
      });
      prometheus.store.append(labels, first + row * INTERVAL_MS, 1_000 + row * n);
    }
  }
  const source = new PrometheusSource({
    clock,
    url: "http://prometheus",
    adapter: inProcessAdapter(prometheus),
  });
  const query = (n: number, more: Partial<EvidenceQuery> = {}): EvidenceQuery => ({
    canary: { namespace: `team-${n % 3}`, workload: `app-${n}` },
    primary: { namespace: `team-${n % 3}`, workload: `app-${n}-primary` },
    variables: {},
    intervalMs: INTERVAL_MS,
    fromMs: first + 2 * INTERVAL_MS,
    toMs: first + 3 * INTERVAL_MS,
    metrics: [
      { name: "success-rate", min: 99, onFail: "rollback" },
      { name: "latency", max: "1s", onFail: "rollback" },
    ],
    phase: "live",
    counts: "requests",
    ...more,
  });
  return { clock, prometheus, source, query };
}

const requests = (rows: readonly EvidenceRow[]) => rows.map(({ canary }) => canary?.requests ?? null);

describe("batching", () => {
  it("shares one query a metric among rollouts that ask for the same rows, and tells them apart", async () => {
    const { clock, source, query } = world(50);
    const fetches = Array.from({ length: 50 }, (_, n) => source.fetch(query(n)));
    await clock.advance(100);
    const answers = await Promise.all(fetches);
    expect(answers.map(requests)).toEqual(Array.from({ length: 50 }, (_, n) => [n, n]));
    expect(source.queriesSent).toBe(2);
  });

  it("takes one more query for every so many workloads, not for every rollout", async () => {
    const { clock, source, query } = world(1_000);
    const fetches = Array.from({ length: 1_000 }, (_, n) => source.fetch(query(n)));
    await clock.advance(100);
    const answers = await Promise.all(fetches);
    expect(answers.map(requests)).toEqual(Array.from({ length: 1_000 }, (_, n) => [n, n]));
    expect(source.queriesSent).toBe(2 * Math.ceil(2_000 / 150));
  });

  it("asks for a very long range in parts, without a seam", async () => {
    const { clock, prometheus, source, query } = world(0);
    const labels = Labels.of({
      [METRIC_NAME]: "istio_requests_total",
      destination_workload_namespace: "team-0",
      destination_workload: "app-0",
      reporter: "destination",
      response_code: "200",
    });
    const startMs = clock.now();
    for (let second = 0; second <= 10_050; second += 50) {
      prometheus.store.append(labels, startMs + second * 1_000, second);
    }
    const fetched = source.fetch(
      query(0, { intervalMs: 1_000, fromMs: startMs + 1_000, toMs: startMs + 10_050_000, metrics: [] }),
    );
    await clock.advance(100);
    const counts = requests(await fetched);
    expect(counts).toHaveLength(10_050);
    expect(counts.every((count, row) => count === ((row + 1) % 50 === 0 ? 50 : 0))).toBe(true);
    expect(source.queriesSent).toBe(2);
  });

  it("refuses a range without end", async () => {
    const { clock, source, query } = world(0);
    const fetched = source.fetch(query(0, { fromMs: 0, toMs: 45_000 * INTERVAL_MS }));
    await clock.advance(100);
    const rows = await fetched;
    expect(rows[0]?.error).toBe("more than 45000 rows are asked for at once");
    expect(source.queriesSent).toBe(0);
  });

  it("asks for latency only where it is judged", async () => {
    const { clock, source, query } = world(2);
    const fetches = [source.fetch(query(0, { metrics: [] })), source.fetch(query(1, { metrics: [] }))];
    await clock.advance(100);
    await Promise.all(fetches);
    expect(source.queriesSent).toBe(1);
  });

  it("keeps other rows, and what is asked later, in batches of their own", async () => {
    const { clock, source, query } = world(4);
    const { toMs } = query(0);
    const first = source.fetch(query(1, { metrics: [] }));
    const otherRows = source.fetch(query(2, { metrics: [], fromMs: toMs, toMs }));
    await clock.advance(21);
    const later = source.fetch(query(3, { metrics: [] }));
    await clock.advance(100);
    expect(requests(await first)).toEqual([1, 1]);
    expect(requests(await otherRows)).toEqual([2]);
    expect(requests(await later)).toEqual([3, 3]);
    expect(source.queriesSent).toBe(3);
  });

  it("goes on for the others when one of them is cancelled", async () => {
    const { clock, source, query } = world(3);
    const controller = new AbortController();
    const cancelled = source.fetch(query(1), controller.signal);
    const kept = source.fetch(query(2));
    controller.abort();
    await clock.advance(100);
    expect((await cancelled).map(({ error }) => error)).toEqual(Array(2).fill("the query was cancelled"));
    expect(requests(await kept)).toEqual([2, 2]);
  });

  it("asks nothing when all are cancelled, and starts afresh for who comes then", async () => {
    const { clock, source, query } = world(3);
    const controller = new AbortController();
    const cancelled = source.fetch(query(1), controller.signal);
    controller.abort();
    const fresh = source.fetch(query(2, { metrics: [] }));
    await clock.advance(100);
    await cancelled;
    expect(requests(await fresh)).toEqual([2, 2]);
    expect(source.queriesSent).toBe(1);
  });

  it("gives everybody the same reason when the source fails, within the timeout of each", async () => {
    const { clock, prometheus, source, query } = world(2);
    prometheus.setFault({ kind: "slow", delayMs: 60_000 });
    const fetches = [source.fetch(query(0)), source.fetch(query(1))];
    await clock.advance(5_000);
    for (const rows of await Promise.all(fetches)) {
      expect(rows.map(({ error }) => error)).toEqual(Array(2).fill("Prometheus did not answer within 5s"));
    }
    prometheus.setFault({ kind: "down" });
    const down = source.fetch(query(0));
    await clock.advance(100);
    expect((await down)[0]?.error).toBe("Prometheus cannot be reached: connect ECONNREFUSED");
  });
});
