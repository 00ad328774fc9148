import { randomBytes } from "node:crypto";
import type { Rollout } from "../../api/rollout.ts";
import type { AnyObject } from "../../kube/object.ts";
import { type Clock, SystemClock } from "../../lib/clock.ts";
import { ScaledClock } from "../../lib/scaled-clock.ts";
import { listenMetrics } from "../../sim/mesh/metrics-server.ts";
import { listenPrometheus } from "../../sim/prometheus/http-server.ts";
import { ScenarioImages } from "../../sim/scenario/image-book.ts";
import type { LoadedScenario } from "../../sim/scenario/load.ts";
import type { Transition } from "../../sim/scenario/observer.ts";
import type { ControllerHandle } from "../../sim/scenario/performer.ts";
import { type ScenarioResult, ScenarioRunner } from "../../sim/scenario/runner.ts";
import type { TimelineEntry } from "../../sim/scenario/schema.ts";
import { EmbeddedSlack } from "../../sim/slack/embedded-slack.ts";
import { listenSlack } from "../../sim/slack/slack-server.ts";
import { listenWebhooks } from "../../sim/webhooks.ts";
import { type Attachment, World } from "../../sim/world.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { createPinoLogger } from "../../telemetry/pino-logger.ts";
import { rolloutCrd } from "../rehearsal.ts";
import { ChildController } from "./child-controller.ts";
import { freePort } from "./free-port.ts";
import { removeLeftovers } from "./leftovers.ts";
import { serveApi } from "./serve-api.ts";

export interface PlaygroundOptions {
  readonly loaded: LoadedScenario;
  /** 1: wall time. */
  readonly speed: number;
  /** Where the API server listens; port 0: any. */
  readonly address: { readonly host: string; readonly port: number };
  readonly kubeconfigPath: string;
  /** An API server that runs elsewhere; the kubeconfig is then its own, and is not written. */
  readonly attached?: (Attachment & { readonly server: string; close(): void }) | undefined;
  /** False: somebody else runs the controller. */
  readonly withController: boolean;
  /** Another Prometheus, which scrapes the mesh's metrics page; absent: the embedded one. */
  readonly prometheusUrl?: string | undefined;
}

export interface PlaygroundListener {
  onTransition(transition: Transition): void;
  onAction(entry: TimelineEntry): void;
  onControllerLog(line: string): void;
  onControllerDeath(how: string): void;
  onEvent(event: { readonly reason: string; readonly message: string; readonly type: string }): void;
}

/** Where everything can be reached, as URLs. */
export interface Addresses {
  readonly server: string;
  readonly prometheus: string;
  readonly meshMetrics: string;
  /** Of the controller; null: somebody else runs it. */
  readonly controllerMetrics: string | null;
  /** Page of the embedded Slack. */
  readonly slack: string;
  /** A stand-in of Flagger's. */
  readonly loadTester: string;
}

/** Where the webhooks of scenarios listen. */
type WebhookUrls = { readonly webhooks: string; readonly loadTester: string };

/** Nobody here may start or kill it. */
const SOMEBODY_ELSES: ControllerHandle = { start: async () => {}, kill: () => {} };

const TRAFFIC_WINDOW_MS = 5_000;

/** What was opened, in order, to be closed the other way round. */
type Closer = () => Promise<void>;

/** A whole cluster on this machine, in real time: reachable by kubectl, with the controller as a process of its own. */
export class Playground {
  readonly clock: Clock;
  readonly world: World;
  readonly #options: PlaygroundOptions;
  readonly #listener: PlaygroundListener;
  readonly #images: ScenarioImages;
  readonly #slack: EmbeddedSlack;
  readonly #adminToken: string;
  readonly #closers: Closer[] = [];
  readonly #originMs: number;
  readonly #logger: Logger = createPinoLogger({ level: "error" });
  #controller: ChildController | null = null;
  #webhookUrls: WebhookUrls = { webhooks: "", loadTester: "" };

  static async create(options: PlaygroundOptions, listener: PlaygroundListener): Promise<Playground> {
    return new Playground(options, listener, await rolloutCrd());
  }

  private constructor(options: PlaygroundOptions, listener: PlaygroundListener, crd: AnyObject) {
    const system = new SystemClock();
    this.#originMs = system.now();
    this.#options = options;
    this.#listener = listener;
    this.clock = options.speed === 1 ? system : new ScaledClock(system, options.speed, this.#originMs);
    this.#slack = new EmbeddedSlack(this.clock);
    const { scenario } = options.loaded;
    this.#images = new ScenarioImages(scenario.images);
    this.#adminToken = randomBytes(24).toString("base64url");
    this.world = new World({
      clock: this.clock,
      seed: scenario.settings.seed ?? 1,
      images: this.#images,
      crds: [crd],
      meshLag: scenario.meshDelay,
      scrapeIntervalMs: scenario.settings.scrapeInterval,
      logger: this.#logger,
      ...(options.attached === undefined ? { adminToken: this.#adminToken } : { attached: options.attached }),
    });
  }

  /** Brings everything up but the controller, which `play` starts. */
  async start(): Promise<Addresses> {
    await this.world.start();
    this.#closers.push(() => this.world.stop());
    const server = await this.#reachApi();
    const embedded = await listenPrometheus(this.world.prometheus, { host: "127.0.0.1", port: 0 });
    this.#closers.push(() => embedded.close());
    const webhooks = await this.#listenWebhooks("webhooks.test");
    const loadTester = await this.#listenWebhooks("loadtester.test");
    this.#webhookUrls = { webhooks, loadTester };
    const mesh = await listenMetrics(this.world.mesh, { host: "127.0.0.1", port: 0 });
    this.#closers.push(() => mesh.close());
    const slack = await listenSlack(this.#slack, { host: "127.0.0.1", port: 0 });
    this.#closers.push(() => slack.close());
    const prometheus = this.#options.prometheusUrl ?? embedded.url;
    const pages = this.#options.withController ? `127.0.0.1:${await freePort()}` : null;
    if (pages !== null) {
      const controller = this.#makeController(prometheus, slack.url, pages);
      this.#controller = controller;
      this.#closers.push(() => controller.stop());
    }
    this.#tellEvents();
    return {
      server,
      prometheus,
      meshMetrics: `${mesh.url}/metrics`,
      controllerMetrics: pages === null ? null : `http://${pages}/metrics`,
      slack: slack.url,
      loadTester,
    };
  }

  /** Plays the scenario to its end; the cluster stays up. To be called after `start`. */
  async play(signal: AbortSignal): Promise<ScenarioResult> {
    const { loaded, attached } = this.#options;
    if (attached !== undefined) await removeLeftovers(this.world, loaded, signal);
    const runner = new ScenarioRunner({
      loaded: withWebhooksAt(loaded, this.#webhookUrls),
      signal,
      controller: this.#controller ?? SOMEBODY_ELSES,
      world: this.world,
      images: this.#images,
      onTransition: (transition) => this.#listener.onTransition(transition),
      onAction: (entry) => this.#listener.onAction(entry),
    });
    return runner.run();
  }

  get controllerPid(): number | undefined {
    return this.#controller?.pid;
  }

  /** The Rollout of the scenario as it is now. */
  get rollout(): Rollout | null {
    const { rollout, namespace } = this.#options.loaded;
    return this.world.caches.rollouts.get({ namespace, name: rollout.metadata.name }) ?? null;
  }

  /** What users have met in the last seconds. */
  traffic(): { readonly rps: number; readonly errorRatio: number } | null {
    const { truth } = this.world.mesh;
    const toMs = this.clock.now();
    const window = { fromMs: toMs - TRAFFIC_WINDOW_MS, toMs };
    const requests = truth.userRequests(window);
    if (requests === 0) return null;
    return { rps: requests / (TRAFFIC_WINDOW_MS / 1_000), errorRatio: truth.userErrors(window) / requests };
  }

  async stop(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  /** The URL of the API server; the embedded one is put behind a socket. */
  async #reachApi(): Promise<string> {
    const { address, kubeconfigPath, loaded, attached } = this.#options;
    if (attached !== undefined) {
      this.#closers.push(async () => attached.close());
      return attached.server;
    }
    const listener = await serveApi({
      transport: this.world.apiFaults,
      clock: this.clock,
      adminToken: this.#adminToken,
      namespace: loaded.namespace,
      address,
      kubeconfigPath,
      logger: this.#logger,
    });
    this.#closers.push(() => listener.close());
    return listener.url;
  }

  async #listenWebhooks(as: string): Promise<string> {
    const listener = await listenWebhooks(this.world.webhooks, { as, host: "127.0.0.1", port: 0 });
    this.#closers.push(() => listener.close());
    return listener.url;
  }

  #makeController(prometheus: string, slack: string, pages: string): ChildController {
    const flags = {
      "--kubeconfig": this.#options.kubeconfigPath,
      "--prometheus": prometheus,
      "--listen": pages,
      "--drain": "5s",
      "--status-refresh": "2s",
      "--insecure-webhooks": "true",
      "--local-webhooks": "true",
      "--slack-api": `${slack}/api`,
      "--cluster-name": "playground",
      "--clock-speed": String(this.#options.speed),
      "--clock-origin": String(this.#originMs),
    };
    return new ChildController({
      args: Object.entries(flags).flat(),
      clock: new SystemClock(),
      onLog: (line) => this.#listener.onControllerLog(line),
      onDeath: (how) => this.#listener.onControllerDeath(how),
    });
  }

  #tellEvents(): void {
    this.world.caches.events.subscribe(({ new: event }) => {
      if (event?.involvedObject.kind !== "Rollout") return;
      const { reason, message = "", type = "Normal" } = event;
      this.#listener.onEvent({ reason, message, type });
    });
  }
}

/** Scenarios call their webhooks `http://webhooks.test`, and Flagger's load tester by its name; here they are where they listen. */
function withWebhooksAt(loaded: LoadedScenario, { webhooks, loadTester }: WebhookUrls): LoadedScenario {
  const placed = <T>(value: T): T =>
    JSON.parse(
      JSON.stringify(value)
        .replaceAll("http://webhooks.test", webhooks)
        .replaceAll(/http:\/\/(flagger-)?loadtester\.[a-z0-9.-]+(:\d+)?/g, loadTester),
    );
  const applied = new Map([...loaded.applied].map(([path, objects]) => [path, placed(objects)]));
  return { ...loaded, rollout: placed(loaded.rollout), objects: placed(loaded.objects), applied };
}
