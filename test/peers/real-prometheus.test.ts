import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { FIELD_MANAGER } from "../../src/api/kind.ts";
import { type Controller, createController } from "../../src/app/controller.ts";
import { createOwnMetrics } from "../../src/app/own-metrics/own-metrics.ts";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import { loadConfig } from "../../src/config/config.ts";
import { SystemClock } from "../../src/lib/clock.ts";
import { Prng } from "../../src/lib/prng.ts";
import { listenMetrics } from "../../src/sim/mesh/metrics-server.ts";
import { ScenarioImages } from "../../src/sim/scenario/image-book.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";
import { ScenarioRunner } from "../../src/sim/scenario/runner.ts";
import { World } from "../../src/sim/world.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { installedPrometheus, RealPrometheus } from "../support/real-prometheus.ts";

/** A release in seconds: the real Prometheus knows no virtual time. */
const ROLLOUT = `
  apiVersion: sluice.dev/v1alpha1
  kind: Rollout
  metadata: { name: checkout, namespace: shop }
  spec:
    targetRef: { kind: Deployment, name: checkout }
    service: { port: 80, targetPort: http }
    traffic: { istio: {} }
    steps: [{ weight: 30, hold: 4s }, { weight: 60, hold: 4s }]
    analysis:
      interval: 1s
      warmup: 0s
      minRequests: 50
      metrics:
        - { name: success-rate, min: 95, baseline: {} }
        - { name: latency, percentile: 99, max: 500ms, baseline: {} }
        - { name: served, query: 'sum(rate(istio_requests_total{destination_workload="{{ target }}"}[5s]))', min: 0 }
    progressDeadline: 1m
`;

function scenario(errorRate: number, expectations: string): string {
  return `
name: real-prometheus
rollout: /rollout.yaml
manifests: [/deployment.yaml]
traffic: [{ host: checkout, rps: 300 }]
meshDelay: 100ms
images:
  shop/checkout:v1: { errorRate: 0.001, latency: { p50: 20ms, p99: 120ms }, startTime: 1s }
  shop/checkout:v2: { errorRate: ${errorRate}, latency: { p50: 20ms, p99: 120ms }, startTime: 1s }
timeline:
  - { at: 5s, setImage: { deployment: checkout, image: shop/checkout:v2 } }
expect: ${expectations}
`;
}

/** Plays the scenario in real time: the mesh's metrics go to Prometheus by a socket, and come back by one. */
async function play(text: string) {
  const files: Readonly<Record<string, () => Promise<string>>> = {
    "/scenario.yaml": async () => text,
    "/rollout.yaml": async () => ROLLOUT,
    "/deployment.yaml": () => readFile("examples/checkout/deployment.yaml", "utf8"),
  };
  const loaded = await loadScenario(
    "/scenario.yaml",
    (path) => files[path]?.() ?? Promise.reject(new Error(path)),
  );
  const images = new ScenarioImages(loaded.scenario.images);
  const clock = new SystemClock();
  const world = new World({
    clock,
    seed: 1,
    images,
    crds: [await rolloutCrd()],
    meshLag: loaded.scenario.meshDelay,
  });
  const page = await listenMetrics(world.mesh, { host: "127.0.0.1", port: 0 });
  const target = page.url.replace("http://", "");
  const prometheus = await RealPrometheus.start(
    JSON.stringify([
      {
        job_name: "mesh",
        honor_labels: true,
        scrape_interval: "500ms",
        scrape_timeout: "500ms",
        static_configs: [{ targets: [target] }],
      },
    ]),
  );
  const config = loadConfig({ flags: { prometheus: prometheus.url, drain: "1s" }, environment: {} });
  const random = new Prng(2);
  let controller: Controller | null = null;
  const handle = {
    start: async () => {
      controller = createController({
        config,
        clock,
        logger: silentLogger,
        metrics: createOwnMetrics(config),
        random: () => random.float(),
        instance: "sluice-0",
        namespace: "sluice-system",
        client: world.clientFor(FIELD_MANAGER),
      });
      await controller.start();
    },
    kill: () => undefined,
  };
  try {
    await world.start();
    return await new ScenarioRunner({ loaded, world, images, controller: handle }).run();
  } finally {
    await (controller as Controller | null)?.stop(1_000);
    await world.stop();
    await page.close();
    await prometheus.stop();
  }
}

const isMissing = installedPrometheus() === null;
if (isMissing) console.log("skipped: releases judged by a real Prometheus need `prometheus` in PATH");

describe.skipIf(isMissing)("a release that a real Prometheus tells of", () => {
  it.concurrent("is promoted when it is good", { timeout: 120_000 }, async () => {
    const expectations =
      "{ phase: Succeeded, within: 60s, promotedImage: shop/checkout:v2, events: [Promoted] }";
    expect(await play(scenario(0.001, expectations))).toMatchObject({
      phase: "Succeeded",
      expectations: "met",
    });
  });

  it.concurrent("is rolled back when it is bad", { timeout: 120_000 }, async () => {
    const expectations =
      "{ phase: Failed, reason: success-rate, within: 30s, promotedImage: shop/checkout:v1, events: [RolledBack] }";
    expect(await play(scenario(0.4, expectations))).toMatchObject({ phase: "Failed", expectations: "met" });
  });
});
