import { expect, test } from "vitest";
import { FIELD_MANAGER } from "../../src/api/kind.ts";
import { ROLLOUT } from "../../src/api/resource.ts";
import { type Controller, createController } from "../../src/app/controller.ts";
import { debugApp } from "../../src/app/debug.ts";
import { healthApp } from "../../src/app/health.ts";
import { Liveness } from "../../src/app/liveness.ts";
import { createOwnMetrics } from "../../src/app/own-metrics/own-metrics.ts";
import { driven, rolloutCrd } from "../../src/app/rehearsal.ts";
import { deploymentManifest, rolloutManifest, serviceManifest } from "../../src/app/simulation/manifests.ts";
import { loadConfig } from "../../src/config/config.ts";
import type { Client } from "../../src/kube/client.ts";
import type { AnyObject } from "../../src/kube/object.ts";
import type { Resource } from "../../src/kube/resource.ts";
import { DEPLOYMENT, NAMESPACE, SERVICE } from "../../src/kube/resources.ts";
import { RestClient } from "../../src/kube/rest-client.ts";
import { sleep } from "../../src/lib/clock.ts";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { ScenarioImages } from "../../src/sim/scenario/image-book.ts";
import { World } from "../../src/sim/world.ts";
import { createPinoLogger } from "../../src/telemetry/pino-logger.ts";

const crd = await rolloutCrd();
const PLAN = {
  name: "app",
  replicas: 1,
  rps: 10,
  testersRps: 0,
  spec: {
    targetRef: { name: "app" },
    service: { port: 80, targetPort: "http" },
    traffic: { istio: {} },
    steps: [{ weight: 50 }],
  },
};
const MINUTES = 60_000;

/** A world, and controllers whose pages are asked in-process. */
class Watched {
  readonly clock = new VirtualClock();
  readonly world = new World({
    clock: this.clock,
    seed: 1,
    images: new ScenarioImages({}),
    crds: [crd],
    meshBatchMs: 10_000,
    scrapeIntervalMs: 60_000,
  });
  readonly lines: string[] = [];
  /** The next status of a Rollout is never written, and never refused either. */
  hangs = false;

  async begin(): Promise<void> {
    const create = (resource: Resource, object: AnyObject) => this.world.client.create(resource, object);
    await this.world.start();
    const metadata = { name: "shop" };
    await create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata });
    await create(DEPLOYMENT, deploymentManifest(PLAN, "app:v1"));
    await create(SERVICE, serviceManifest(PLAN));
    await create(ROLLOUT, rolloutManifest(PLAN));
  }

  async release(image: string): Promise<void> {
    const body = { spec: { template: { spec: { containers: [{ name: "app", image }] } } } };
    await this.world.client.patch(
      DEPLOYMENT,
      { namespace: "shop", name: "app" },
      { type: "strategic", body },
    );
  }

  controller(instance: string, hasLease = false) {
    const { clock, world } = this;
    const prng = new Prng(3);
    const logger = createPinoLogger({
      level: "info",
      destination: { write: (line) => this.lines.push(line) },
    });
    const config = loadConfig({ flags: { prometheus: "http://u:s3cret@prometheus:9090" }, environment: {} });
    const client = new RestClient({ transport: world.apiFaults, clock, fieldManager: FIELD_MANAGER });
    const metrics = createOwnMetrics(config);
    const controller = createController({
      config,
      metrics,
      clock,
      logger,
      instance,
      client: this.#hanging(client),
      random: () => prng.float(),
      namespace: "sluice-system",
      lease: hasLease ? { namespace: "shop", name: "sluice" } : undefined,
      prometheusAdapter: () => Promise.reject(new Error("connect ECONNREFUSED")),
    });
    const monotonicMs = () => clock.now();
    const liveness = new Liveness({ clock, monotonicMs, logger, vitals: () => controller.vitals() });
    liveness.start();
    const health = healthApp({ controller, liveness, metrics: metrics.registry });
    const debug = debugApp({
      ...{ controller, liveness, logger, config, clock, instance },
      memory: () => process.memoryUsage(),
    });
    return { controller, health, debug, end: () => this.#end(controller, liveness) };
  }

  #hanging(client: Client): Client {
    return new Proxy(client, {
      get: (target, member: keyof Client) =>
        member === "update" && this.hangs
          ? () => new Promise(() => {})
          : (target[member] as (...args: unknown[]) => unknown).bind(target),
    });
  }

  async #end(controller: Controller, liveness: Liveness): Promise<void> {
    liveness.stop();
    await controller.stop(1_000);
  }
}

async function asked(app: { request(path: string): Response | Promise<Response> }, path: string) {
  const response = await app.request(path);
  return [response.status, (await response.text()).trim()];
}

test("a pass that never comes back makes a process unhealthy; servers that are down do not", async () => {
  const watched = new Watched();
  const { clock, world } = watched;
  const after = (ms: number) => driven(clock, sleep(clock, ms));
  await driven(clock, watched.begin());
  const { controller, health, debug, end } = watched.controller("sluice-a");
  expect(await asked(health, "/readyz")).toEqual([503, "caches have not synced yet"]);
  await driven(clock, controller.start());
  expect(await asked(health, "/readyz")).toEqual([200, "ok: leads"]);

  // A run that asks a Prometheus which refuses, then an API server that refuses as well.
  await after(MINUTES);
  await watched.release("app:v2");
  await after(2 * MINUTES);
  world.apiFaults.set({ kind: "down" });
  await after(6 * MINUTES);
  expect(await asked(health, "/healthz")).toEqual([200, "ok"]);
  expect(await asked(health, "/readyz")).toEqual([503, expect.stringContaining("connection refused")]);

  world.apiFaults.set(null);
  await after(MINUTES);
  expect(await asked(health, "/readyz")).toEqual([200, "ok: leads"]);
  watched.hangs = true;
  await watched.release("app:v3");
  await after(4 * MINUTES);
  expect(await asked(health, "/healthz")).toEqual([200, "ok"]);
  await after(2 * MINUTES);
  const stuck = "the pass over shop/app has been under way for more than 300 s";
  expect(await asked(health, "/healthz")).toEqual([503, stuck]);
  expect(watched.lines.filter((line) => line.includes("the process is stuck"))).toHaveLength(1);

  const [, state] = await asked(debug, "/debug/state?rollout=shop/app");
  expect(JSON.parse(String(state))).toMatchObject({
    instance: "sluice-a",
    problems: [stuck],
    leadership: { leads: true, holder: null },
    queue: { underWay: [{ rollout: "shop/app" }] },
    rollouts: [
      { rollout: "shop/app", phase: expect.any(String), lastDecision: { revision: expect.any(String) } },
    ],
    settings: { prometheus: "http://prometheus:9090/" },
  });
  await driven(clock, end());
}, 60_000);

test("a standby is ready, and says who leads; without a Lease that can be read it is not", async () => {
  const watched = new Watched();
  const { clock, world } = watched;
  await driven(clock, watched.begin());
  const [first, second] = [watched.controller("sluice-a", true), watched.controller("sluice-b", true)];
  await driven(clock, first.controller.start());
  await driven(clock, sleep(clock, MINUTES));
  await driven(clock, second.controller.start());
  await driven(clock, sleep(clock, MINUTES));
  expect(await asked(first.health, "/readyz")).toEqual([200, "ok: leads"]);
  expect(await asked(second.health, "/readyz")).toEqual([200, "ok: stands by, sluice-a leads"]);

  world.apiFaults.set({ kind: "errors", rate: 1, status: 500 });
  await driven(clock, sleep(clock, 3_000));
  expect(await asked(second.health, "/readyz")).toEqual([
    503,
    expect.stringContaining("the Lease shop/sluice"),
  ]);
  world.apiFaults.set(null);
  await driven(clock, Promise.all([first.end(), second.end()]));
}, 60_000);

test("the level of the log changes while it runs; web pages may neither read nor change anything", async () => {
  const { debug } = new Watched().controller("sluice-a");
  const put = (body: string, headers = {}) =>
    debug.request("/debug/log-level", { method: "PUT", body, headers });
  expect(await asked(debug, "/debug/log-level")).toEqual([200, "info"]);
  expect((await put("debug\n")).status).toBe(200);
  expect(await asked(debug, "/debug/log-level")).toEqual([200, "debug"]);
  expect((await put("chatty")).status).toBe(400);
  expect((await put("error", { origin: "http://evil.test" })).status).toBe(403);
  expect(await asked(debug, "/debug/log-level")).toEqual([200, "debug"]);
});
