import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SystemClock } from "../../src/lib/clock.ts";
import { isoTime } from "../../src/lib/time.ts";
import { EmbeddedPrometheus } from "../../src/sim/prometheus/embedded-prometheus.ts";
import { listenPrometheus, type RunningServer } from "../../src/sim/prometheus/http-server.ts";
import { type Ran, sluice, transcript } from "../support/command-line.ts";
import { copySeries, istioStore } from "../support/istio-samples.ts";
import { podSeries } from "../support/pod-samples.ts";

const ROLLOUT = `
apiVersion: sluice.dev/v1alpha1
kind: Rollout
metadata: { name: checkout, namespace: shop }
spec:
  targetRef: { kind: Deployment, name: checkout }
  service: { port: 80 }
  traffic: { istio: { hosts: [checkout] } }
  steps: [{ weight: 10, hold: 2m }, { weight: 50, hold: 2m }]
`;

const START_MS = Date.UTC(2026, 0, 5, 9, 0, 0);
const SCRAPE_MS = 15_000;
const SCRAPES = 130;
const FROM_MS = START_MS + 30 * SCRAPE_MS;
const TO_MS = START_MS + (SCRAPES - 1) * SCRAPE_MS;

const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), "sluice-aa-"));
const prometheus = new EmbeddedPrometheus({ clock, scrapeIntervalMs: SCRAPE_MS });
let server: RunningServer;

/** Six hundred requests a second over these pods, from nine o'clock on. */
function record(
  workload: string,
  pods: Readonly<Record<string, number>>,
  podLabel = "kubernetes_pod_name",
): void {
  const series = podSeries({
    ...{ namespace: "shop", workload, pods, podLabel },
    requestsPerScrape: 9_000,
    scrapes: SCRAPES,
    seed: 7,
  });
  copySeries(istioStore(series, { startMs: START_MS, scrapeMs: SCRAPE_MS }), prometheus.store);
}

beforeAll(async () => {
  writeFileSync(join(folder, "rollout.yaml"), ROLLOUT);
  record("checkout-primary", { "pod-a": 0.001, "pod-b": 0.001, "pod-c": 0.001, "pod-d": 0.001 });
  record("cart-primary", { "pod-a": 0.001, "pod-b": 0.001, "pod-c": 0.02, "pod-d": 0.001 });
  record("single", { only: 0.001 });
  record("odd", { "pod-a": 0.001, "pod-b": 0.001 }, "node_of_pod");
  server = await listenPrometheus(prometheus, { host: "127.0.0.1", port: 0 });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** The command as a person types it; what differs from run to run is put in behind their back. */
async function backtest(...more: readonly string[]): Promise<{ ran: Ran; shown: string }> {
  const range = ["--from", isoTime(FROM_MS), "--to", isoTime(TO_MS)];
  const args = (url: string, rollout: string) => [
    "backtest",
    "--aa",
    "--rollout",
    rollout,
    "--prometheus",
    url,
    ...range,
    ...more,
  ];
  const ran = await sluice(args(server.url, join(folder, "rollout.yaml")), { clock });
  const named = { ...ran, err: ran.err.replaceAll(server.url, "http://prometheus:9090") };
  return { ran, shown: transcript(args("http://prometheus:9090", "rollout.yaml"), named) };
}

describe("sluice backtest --aa", () => {
  test("says how often a healthy release would have been rolled back, and how sure that is", async () => {
    const { shown } = await backtest("--splits", "2", "--output", "text");
    await expect(shown).toMatchFileSnapshot("../transcripts/backtest-aa.txt");
  });

  test("names the pod that is unlike the others, and the settings that would live with it", async () => {
    const { shown } = await backtest("--primary", "cart-primary", "--splits", "2", "--output", "text");
    await expect(shown).toMatchFileSnapshot("../transcripts/backtest-aa-bad-pod.txt");
  });

  test("prints a line a run and a last one with the rate, the same for the same seed", async () => {
    const { ran } = await backtest("--splits", "1", "--seed", "3");
    const lines = ran.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(6);
    expect(lines[0]).toMatchObject({
      from: FROM_MS / 1_000,
      canaryPods: [expect.any(String), expect.any(String)],
      final: "pass",
    });
    expect(lines.at(-1)).toMatchObject({
      ...{ aa: "unclear", workload: "shop/checkout-primary", podLabel: "kubernetes_pod_name", alpha: 0.01 },
      ...{ windowSeconds: 270, windows: 5, skippedWindows: 0, runs: 5, rolledBack: 0, passed: 5, rate: 0 },
    });
    const again = (seed: string) =>
      backtest("--splits", "1", "--to", isoTime(FROM_MS + 270_000), "--seed", seed);
    expect((await again("3")).ran.out.split("\n")[0]).toBe(ran.out.split("\n")[0]);
    expect((await again("4")).ran.out.split("\n")[0]).not.toBe(ran.out.split("\n")[0]);
  });

  test.each([
    ["of one pod cannot be had", ["--primary", "single"], "backtest-aa-one-pod"],
    ["wants a label that tells pods apart", ["--primary", "odd"], "backtest-aa-no-label"],
    ["wants more than a run's length", ["--to", isoTime(FROM_MS + 60_000)], "backtest-aa-too-short"],
    ["is not about a canary", ["--canary", "checkout"], "backtest-aa-canary"],
  ])("%s", async (_, more, file) => {
    await expect((await backtest(...more)).shown).toMatchFileSnapshot(`../transcripts/${file}.txt`);
  });

  test("takes the label that it is told", async () => {
    const { ran } = await backtest("--primary", "odd", "--pod-label", "node_of_pod", "--splits", "1");
    expect(JSON.parse(ran.out.trim().split("\n").at(-1) ?? "")).toMatchObject({
      podLabel: "node_of_pod",
      runs: 5,
    });
  });

  test("leaves out own metrics, and windows in which nothing can be split", async () => {
    const file = join(folder, "own.yaml");
    const own = "{ name: queue, query: 'max(queue)', max: 5 }";
    writeFileSync(
      file,
      `${ROLLOUT}  analysis: { metrics: [{ name: success-rate, baseline: {} }, ${own}] }\n`,
    );
    const { ran } = await backtest(
      "--rollout",
      file,
      "--to",
      isoTime(TO_MS + 600_000),
      "--splits",
      "1",
      "--output",
      "text",
    );
    expect(ran.err).toContain("queue has a query of its own");
    expect(ran.out).toMatch(
      /1 window left out, the first from .*: fewer than two pods were there from beginning to end/,
    );
  });
});
