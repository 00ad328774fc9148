import { FIELD_MANAGER } from "../../src/api/kind.ts";
import { ROLLOUT } from "../../src/api/resource.ts";
import { type Controller, createController } from "../../src/app/controller.ts";
import type { ControllerParts } from "../../src/app/controller-parts.ts";
import { debugApp } from "../../src/app/debug.ts";
import { healthApp } from "../../src/app/health.ts";
import { Liveness } from "../../src/app/liveness.ts";
import { createOwnMetrics } from "../../src/app/own-metrics/own-metrics.ts";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import { deploymentManifest, rolloutManifest, serviceManifest } from "../../src/app/simulation/manifests.ts";
import { type ConfigSources, loadConfig } from "../../src/config/config.ts";
import type { Client } from "../../src/kube/client.ts";
import type { AnyObject } from "../../src/kube/object.ts";
import type { Resource } from "../../src/kube/resource.ts";
import { DEPLOYMENT, NAMESPACE, SERVICE } from "../../src/kube/resources.ts";
import { RestClient } from "../../src/kube/rest-client.ts";
import type { Transport } from "../../src/kube/transport.ts";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { INJECTED_NAMESPACE } from "../../src/sim/mesh/injector.ts";
import { ScenarioImages } from "../../src/sim/scenario/image-book.ts";
import { World } from "../../src/sim/world.ts";
import { createPinoLogger, type LogLevel } from "../../src/telemetry/pino-logger.ts";

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
/** What replaces sockets, and settings; defaults fit a controller that meets nobody. */
export type WatchedParts = Partial<
  Pick<ControllerParts, "lease" | "prometheusAdapter" | "receiverAdapter" | "webhookTransport" | "spans">
> & {
  readonly flags?: ConfigSources["flags"];
  readonly level?: LogLevel;
  /** The way to the API server; default: the world's, with its faults. */
  readonly transport?: Transport;
};

/** A world, and controllers whose pages are asked in-process. */
export class WatchedWorld {
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

  /** With a Rollout whose spec has these members as well. */
  async begin(spec: object = {}): Promise<void> {
    const create = (resource: Resource, object: AnyObject) => this.world.client.create(resource, object);
    await this.world.start();
    const metadata = { name: "shop", labels: INJECTED_NAMESPACE };
    await create(NAMESPACE, { apiVersion: "v1", kind: "Namespace", metadata });
    await create(DEPLOYMENT, deploymentManifest(PLAN, "app:v1"));
    await create(SERVICE, serviceManifest(PLAN));
    await create(ROLLOUT, rolloutManifest({ ...PLAN, spec: { ...PLAN.spec, ...spec } }));
  }

  async release(image: string): Promise<void> {
    const body = { spec: { template: { spec: { containers: [{ name: "app", image }] } } } };
    await this.world.client.patch(
      DEPLOYMENT,
      { namespace: "shop", name: "app" },
      { type: "strategic", body },
    );
  }

  controller(instance: string, { flags = {}, level = "info", transport, ...parts }: WatchedParts = {}) {
    const { clock, world } = this;
    const prng = new Prng(3);
    const logger = createPinoLogger({
      level,
      destination: { write: (line) => this.lines.push(line) },
    });
    const config = loadConfig({ flags, environment: {} });
    const client = new RestClient({
      transport: transport ?? world.apiFaults,
      clock,
      fieldManager: FIELD_MANAGER,
    });
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
      prometheusAdapter: () => Promise.reject(new Error("connect ECONNREFUSED")),
      ...parts,
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
