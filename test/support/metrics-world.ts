import { readFile } from "node:fs/promises";
import { receiversInProcess } from "../../src/app/embedded-receivers.ts";
import { healthApp } from "../../src/app/health.ts";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import { servePages } from "../../src/app/serve-pages.ts";
import { SimulatedController } from "../../src/app/simulated-controller.ts";
import { type ConfigSources, loadConfig } from "../../src/config/config.ts";
import type { ObjectKey } from "../../src/kube/object.ts";
import { LEASE } from "../../src/kube/resources.ts";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { ScenarioImages } from "../../src/sim/scenario/image-book.ts";
import { type LoadedScenario, loadScenario } from "../../src/sim/scenario/load.ts";
import { ScenarioRunner } from "../../src/sim/scenario/runner.ts";
import { EmbeddedSlack } from "../../src/sim/slack/embedded-slack.ts";
import { World } from "../../src/sim/world.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { MetricsPage } from "./metrics-page.ts";

/** A scenario on virtual time, whose controller is scraped over HTTP as Prometheus would. */
export class MetricsWorld {
  readonly clock = new VirtualClock();
  readonly controller: SimulatedController;
  readonly #startMs = this.clock.now();
  readonly #world: World;
  readonly #done: Promise<unknown>;

  static async start(
    path: string,
    flags: ConfigSources["flags"] = {},
    lease?: ObjectKey,
  ): Promise<MetricsWorld> {
    const loaded = await loadScenario(path, (file) => readFile(file, "utf8"));
    return new MetricsWorld(loaded, await rolloutCrd(), { flags, lease });
  }

  private constructor(
    loaded: LoadedScenario,
    crd: Awaited<ReturnType<typeof rolloutCrd>>,
    { flags, lease }: { readonly flags: ConfigSources["flags"]; readonly lease: ObjectKey | undefined },
  ) {
    const { clock } = this;
    const images = new ScenarioImages(loaded.scenario.images);
    const world = new World({
      clock,
      seed: 1,
      images,
      crds: [crd],
      scrapeIntervalMs: loaded.scenario.settings.scrapeInterval,
    });
    const config = loadConfig({ flags, environment: {} });
    this.#world = world;
    this.controller = new SimulatedController({
      world,
      config,
      prng: new Prng(2),
      logger: silentLogger,
      receiverAdapter: receiversInProcess(new EmbeddedSlack(clock), config.slackApi),
      lease,
    });
    const runner = new ScenarioRunner({ loaded, world, images, controller: this.controller });
    this.#done = world.start().then(() => runner.run());
    // What it rejects with is for `stop`.
    this.#done.catch(() => {});
  }

  /** Lets the scenario go on until so much of it has passed. */
  async at(minutes: number): Promise<MetricsPage> {
    const passedMs = this.clock.now() - this.#startMs;
    await this.clock.advance(minutes * 60_000 - passedMs);
    return this.scrape();
  }

  async scrape(): Promise<MetricsPage> {
    const { metrics } = this.controller;
    if (metrics === null) throw new Error("no controller runs");
    const leads = { leads: true, holder: null, term: null, problem: null };
    const controller = { isWorking: () => true, problems: () => [], leadership: () => leads };
    const app = healthApp({ controller, liveness: { problems: () => [] }, metrics });
    const server = await servePages("127.0.0.1:0", app);
    try {
      const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
      return new MetricsPage(await response.text());
    } finally {
      await server.close();
    }
  }

  /** Another process takes the Lease. */
  async loseLease(lease: ObjectKey): Promise<void> {
    const { client } = this.#world;
    const body = { spec: { holderIdentity: "somebody-else" } };
    const patched = client.patch(LEASE, lease, { type: "merge", body });
    await this.clock.advance(5_000);
    await patched;
  }

  async stop(): Promise<void> {
    this.controller.kill();
    const stopped = this.#world.stop();
    await this.clock.advance(2_000);
    await stopped;
  }
}
