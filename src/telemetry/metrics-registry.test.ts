import { describe, expect, it } from "vitest";
import { MetricsRegistry } from "./metrics-registry.ts";

async function linesOf(registry: MetricsRegistry): Promise<string[]> {
  const { text } = await registry.expose();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("MetricsRegistry", () => {
  it("shows counters, with series that have not counted anything yet", async () => {
    const registry = new MetricsRegistry();
    const counter = registry.counter({
      name: "passes_total",
      help: "Passes.",
      labels: ["outcome"],
      initial: [{ outcome: "done" }, { outcome: "retry" }],
    });
    counter.add({ outcome: "done" });
    counter.add({ outcome: "done" }, 2);
    expect(await linesOf(registry)).toEqual([
      'passes_total{outcome="done"} 3',
      'passes_total{outcome="retry"} 0',
    ]);
  });

  it("shows gauges, forgets series that ended, and reads those that are asked", async () => {
    const registry = new MetricsRegistry();
    let depth = 4;
    const weight = registry.gauge({ name: "weight", help: "Weight.", labels: ["rollout"] });
    registry.gaugeOf({ name: "depth", help: "Depth." }, () => depth);
    weight.set({ rollout: "a" }, 25);
    weight.set({ rollout: "b" }, 50);
    weight.remove({ rollout: "a" });
    expect(await linesOf(registry)).toEqual(['weight{rollout="b"} 50', "depth 4"]);
    depth = 9;
    expect(await linesOf(registry)).toContain("depth 9");
  });

  it("shows histograms", async () => {
    const registry = new MetricsRegistry();
    const histogram = registry.histogram({ name: "took_seconds", help: "Time.", buckets: [0.1, 1] });
    histogram.observe({}, 0.5);
    expect(await linesOf(registry)).toEqual([
      'took_seconds_bucket{le="0.1"} 0',
      'took_seconds_bucket{le="1"} 1',
      'took_seconds_bucket{le="+Inf"} 1',
      "took_seconds_sum 0.5",
      "took_seconds_count 1",
    ]);
  });

  it("keeps registries apart, and names a duplicate within one", async () => {
    const spec = { name: "x_total", help: "X." };
    const registry = new MetricsRegistry();
    registry.counter(spec);
    new MetricsRegistry().counter(spec);
    expect(() => registry.counter(spec)).toThrow("x_total");
    expect((await registry.expose()).contentType).toContain("text/plain");
  });

  it("shows the process itself when asked to", async () => {
    const registry = new MetricsRegistry();
    registry.addProcessMetrics();
    expect((await linesOf(registry)).some((line) => line.startsWith("process_resident_memory_bytes"))).toBe(
      true,
    );
  });
});
