import { describe, expect, it } from "vitest";
import { counter, histogram, observableCounter, observableGauge } from "./metric-definition.ts";
import { MetricsRegistry } from "./metrics-registry.ts";

async function linesOf(registry: MetricsRegistry): Promise<string[]> {
  const { text } = await registry.expose();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("MetricsRegistry", () => {
  it("shows counters, with series that have not counted anything yet", async () => {
    const registry = new MetricsRegistry();
    const { passes } = registry.register({
      passes: counter({
        name: "passes_total",
        help: "Passes.",
        labels: { outcome: "done or retry" },
        initial: [{ outcome: "done" }, { outcome: "retry" }],
      }),
    });
    passes.add({ outcome: "done" });
    passes.add({ outcome: "done" }, 2);
    expect(await linesOf(registry)).toEqual([
      'passes_total{outcome="done"} 3',
      'passes_total{outcome="retry"} 0',
    ]);
  });

  it("asks observable metrics at each scrape: a series whose object is gone ends", async () => {
    const registry = new MetricsRegistry();
    const metrics = registry.register({
      weight: observableGauge({ name: "weight", help: "Weight.", labels: { rollout: "its name" } }),
      depth: observableGauge({ name: "depth", help: "Depth." }),
      sent: observableCounter({ name: "sent_total", help: "Sent.", labels: { to: "whom" } }),
    });
    const weights = new Map([
      ["a", 25],
      ["b", -1],
    ]);
    metrics.weight.from(() => [...weights].map(([rollout, value]) => ({ labels: { rollout }, value })));
    metrics.depth.from(() => weights.size);
    metrics.sent.from(() => [{ labels: { to: "x" }, value: 7 }]);
    expect(await linesOf(registry)).toEqual([
      'weight{rollout="a"} 25',
      'weight{rollout="b"} -1',
      "depth 2",
      'sent_total{to="x"} 7',
    ]);
    weights.delete("b");
    expect(await linesOf(registry)).toEqual(['weight{rollout="a"} 25', "depth 1", 'sent_total{to="x"} 7']);
  });

  it("shows no series of an observable metric that nobody answers for", async () => {
    const registry = new MetricsRegistry();
    registry.register({ depth: observableGauge({ name: "depth", help: "Depth." }) });
    expect(await linesOf(registry)).toEqual([]);
  });

  it("shows histograms, and ends their series", async () => {
    const registry = new MetricsRegistry();
    const { took } = registry.register({
      took: histogram({ name: "took_seconds", help: "Time.", labels: { of: "whom" }, buckets: [0.1, 1] }),
    });
    took.observe({ of: "a" }, 0.5);
    took.observe({ of: "b" }, 0.5);
    took.remove({ of: "b" });
    expect(await linesOf(registry)).toEqual([
      'took_seconds_bucket{le="0.1",of="a"} 0',
      'took_seconds_bucket{le="1",of="a"} 1',
      'took_seconds_bucket{le="+Inf",of="a"} 1',
      'took_seconds_sum{of="a"} 0.5',
      'took_seconds_count{of="a"} 1',
    ]);
  });

  it("keeps registries apart, and names a duplicate within one", async () => {
    const area = { x: counter({ name: "x_total", help: "X." }) };
    const registry = new MetricsRegistry();
    registry.register(area);
    new MetricsRegistry().register(area);
    expect(() => registry.register(area)).toThrow("x_total");
    expect((await registry.expose()).contentType).toContain("text/plain");
  });

  it("shows the process itself when asked to", async () => {
    const registry = new MetricsRegistry();
    registry.addProcessMetrics();
    const memory = /^process_resident_memory_bytes \d+/;
    expect((await linesOf(registry)).some((line) => memory.test(line))).toBe(true);
    expect(registry.describe().map(({ name }) => name)).toContain("nodejs_eventloop_lag_p99_seconds");
  });
});
