import { type AxiosAdapter, AxiosHeaders } from "axios";
import { ROLLOUT } from "../../src/api/resource.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import { rolloutCrd } from "../../src/app/rehearsal.ts";
import { SimulatedController } from "../../src/app/simulated-controller.ts";
import { deploymentManifest, rolloutManifest, serviceManifest } from "../../src/app/simulation/manifests.ts";
import { loadConfig } from "../../src/config/config.ts";
import type { Service } from "../../src/kube/kind/network.ts";
import type { Deployment } from "../../src/kube/kind/workload.ts";
import { DEPLOYMENT, NAMESPACE, SECRET, SERVICE } from "../../src/kube/resources.ts";
import { sleep } from "../../src/lib/clock.ts";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { INJECTED_NAMESPACE } from "../../src/sim/mesh/injector.ts";
import { ScenarioImages } from "../../src/sim/scenario/image-book.ts";
import { World } from "../../src/sim/world.ts";
import { RecordingLogger } from "./notifier-world.ts";

/** From one command to the next. */
const EVERY_MS = 60;

const KEY = { namespace: "shop", name: "checkout" };
const SPEC = {
  targetRef: { name: "checkout" },
  service: { port: 80, targetPort: "http" },
  traffic: { istio: {} },
  steps: [{ weight: 25, hold: "30m" }, { weight: 50 }],
  analysis: { interval: "15s", metrics: [{ name: "success-rate", min: 90 }] },
  notifications: [{ slack: { secretRef: { name: "slack" } } }],
};
const crd = await rolloutCrd();

/** A Slack that fails until a time, and what it was sent after that. */
class Slack {
  readonly taken: string[] = [];
  requests = 0;
  readonly #clock: VirtualClock;
  readonly #backMs: number;

  constructor(clock: VirtualClock, backMs: number) {
    this.#clock = clock;
    this.#backMs = backMs;
  }

  readonly adapter: AxiosAdapter = async (config) => {
    this.requests += 1;
    const isBack = this.#clock.now() >= this.#backMs;
    if (isBack) this.taken.push(String(config.data));
    const status = isBack ? 200 : 500;
    return { status, statusText: "", data: "", config, headers: new AxiosHeaders() };
  };
}

/** A run that is paused and resumed a thousand times a minute, then aborted; Slack is away for a while. */
export class Storm {
  readonly clock = new VirtualClock();
  readonly world = new World({
    clock: this.clock,
    seed: 1,
    images: new ScenarioImages({}),
    crds: [crd],
    meshBatchMs: 10_000,
    scrapeIntervalMs: 60_000,
  });
  readonly logger = new RecordingLogger();
  readonly slack: Slack;
  readonly controller: SimulatedController;
  /** From each command to when it was obeyed, milliseconds. */
  readonly obeyedMs: number[] = [];
  mostPending = 0;
  /** All commands together. */
  tookMs = 0;
  /** Deliveries by outcome, at the end. */
  counts: Readonly<Record<string, number>> = {};

  constructor(awayMs: number) {
    this.slack = new Slack(this.clock, this.clock.now() + awayMs);
    this.controller = new SimulatedController({
      world: this.world,
      config: loadConfig({ flags: {}, environment: {} }),
      prng: new Prng(7),
      logger: this.logger,
      receiverAdapter: this.slack.adapter,
    });
  }

  /** Gives so many commands, then an abort, and waits a while. */
  async play(commands: number, afterMs: number): Promise<void> {
    await this.world.start();
    await this.controller.start();
    await this.#apply();
    await this.#until(() => this.#status()?.phase === "Initialized");
    await this.#setImage("shop/checkout:v2");
    await this.#until(() => this.#status()?.run?.weight === 25);
    let startMs = this.clock.now();
    for (let i = 1; i <= commands; i++) {
      const isPause = i % 2 === 1;
      await this.#obey(
        isPause ? "pause" : "resume",
        () => (this.#status()?.run?.pause !== undefined) === isPause,
      );
      await sleep(this.clock, Math.max(0, startMs + i * EVERY_MS - this.clock.now()));
      // A scrape lets others have their turn, the virtual clock among them: its time is nobody's.
      const scrapedMs = this.clock.now();
      if (i % 50 === 0)
        this.mostPending = Math.max(this.mostPending, await this.metric("sluice_notifications_pending"));
      startMs += this.clock.now() - scrapedMs;
    }
    this.tookMs = this.clock.now() - startMs;
    await this.#obey("abort", () => this.#canaryWeight() === 0);
    await sleep(this.clock, afterMs);
    for (const outcome of ["sent", "failed", "refused", "dropped", "repeated"]) {
      const count = await this.metric(`sluice_notifications_total\\{channel="slack",result="${outcome}"\\}`);
      this.counts = { ...this.counts, [outcome]: count };
    }
    this.controller.kill();
    await this.world.stop();
  }

  /** `series`: a regular expression. */
  async metric(series: string): Promise<number> {
    const page = await this.controller.metrics?.expose();
    return Number(new RegExp(`^${series} (\\d+)$`, "m").exec(page?.text ?? "")?.[1]);
  }

  get failures(): readonly string[] {
    return this.world.caches.events
      .list()
      .filter(({ reason }) => reason === "NotificationFailed")
      .map(({ message = "" }) => message);
  }

  async #obey(command: string, isObeyed: () => boolean): Promise<void> {
    const askedMs = this.clock.now();
    const body = { metadata: { annotations: { [`sluice.dev/${command}`]: "because" } } };
    await this.world.client.patch(ROLLOUT, KEY, { type: "merge", body });
    await this.#until(isObeyed);
    this.obeyedMs.push(this.clock.now() - askedMs);
  }

  #status() {
    return this.world.caches.rollouts.get(KEY)?.status;
  }

  #canaryWeight(): number | undefined {
    const route = this.world.caches.virtualServices.get(KEY)?.spec?.http?.[0]?.route ?? [];
    return route.find(({ destination }) => destination?.host?.includes("canary"))?.weight;
  }

  async #until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (isSo()) resolve();
    };
    const { rollouts, virtualServices } = this.world.caches;
    const ends = [rollouts.subscribe(look), virtualServices.subscribe(look)];
    await promise;
    for (const end of ends) end();
  }

  async #setImage(image: string): Promise<void> {
    const body = { spec: { template: { spec: { containers: [{ name: "app", image }] } } } };
    await this.world.client.patch(DEPLOYMENT, KEY, { type: "merge", body });
  }

  async #apply(): Promise<void> {
    const { client } = this.world;
    const planned = { name: "checkout", replicas: 2, rps: 0, testersRps: 0, spec: SPEC };
    const data = { url: Buffer.from("https://hooks.slack.test/x").toString("base64") };
    await client.create(NAMESPACE, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "shop", labels: INJECTED_NAMESPACE },
    });
    await client.create(SECRET, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { ...KEY, name: "slack" },
      data,
    });
    await client.create(DEPLOYMENT, deploymentManifest(planned, "shop/checkout:v1") as unknown as Deployment);
    await client.create(SERVICE, serviceManifest(planned) as unknown as Service);
    await client.create(ROLLOUT, rolloutManifest(planned) as unknown as Rollout);
  }
}
