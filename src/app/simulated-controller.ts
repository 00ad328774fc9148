import type { AxiosAdapter } from "axios";
import { FIELD_MANAGER } from "../api/kind.ts";
import type { Config } from "../config/config.ts";
import type { WebhookTransport } from "../gate/webhook/transport.ts";
import type { ObjectKey } from "../kube/object.ts";
import { RestClient } from "../kube/rest-client.ts";
import type { Transport } from "../kube/transport.ts";
import { assert } from "../lib/assert.ts";
import type { Prng } from "../lib/prng.ts";
import { inProcessAdapter } from "../sim/prometheus/axios-adapter.ts";
import type { World } from "../sim/world.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import type { SpanSink } from "../telemetry/spans.ts";
import { type Controller, createController } from "./controller.ts";
import { Life } from "./mortal.ts";
import { callSink } from "./own-metrics/observers.ts";
import { createOwnMetrics } from "./own-metrics/own-metrics.ts";

export interface SimulatedControllerOptions {
  readonly world: World;
  readonly config: Config;
  readonly prng: Prng;
  readonly logger: Logger;
  /** Where notifications go. */
  readonly receiverAdapter?: AxiosAdapter | undefined;
  /** Where traces of runs go; absent: nowhere. */
  readonly spans?: SpanSink | undefined;
  /** Who answers webhooks; default: the world's. */
  readonly webhookTransport?: WebhookTransport | undefined;
  /** Tells the processes of several controllers apart; default "sluice". */
  readonly name?: string | undefined;
  /** Given where several controllers run at once: the Lease that they share. */
  readonly lease?: ObjectKey | undefined;
  /** The way to the API server of the process that `instance` names; default: the world's, with its faults. */
  readonly network?: ((instance: string) => Transport) | undefined;
}

/** Where Secrets of the controller's own receivers are. */
const OWN_NAMESPACE = "sluice-system";

/** The production controller, unchanged, inside the world's own process: it can be killed and started at any moment. */
export class SimulatedController {
  readonly #options: SimulatedControllerOptions;
  #life: Life | null = null;
  #controller: Controller | null = null;
  #metrics: MetricsRegistry | null = null;
  #lives = 0;
  #clockOffsetMs = 0;

  constructor(options: SimulatedControllerOptions) {
    this.#options = options;
  }

  /** Resolves when it works. */
  async start(): Promise<void> {
    assert(this.#life === null, "the controller is running already");
    const { world, config, prng, logger, receiverAdapter, lease, name = "sluice" } = this.#options;
    const { webhookTransport = world.webhooks } = this.#options;
    const instance = `${name}-${this.#lives}`;
    const network = this.#options.network?.(instance) ?? world.apiFaults;
    const life = new Life();
    const clock = life.clock({
      now: () => world.clock.now() + this.#clockOffsetMs,
      setTimer: (delayMs, fire) => world.clock.setTimer(delayMs, fire),
    });
    const random = prng.fork();
    const prometheus = inProcessAdapter(world.prometheus);
    const metrics = createOwnMetrics(config);
    const controller = createController({
      config,
      clock,
      logger,
      metrics,
      random: () => random.float(),
      instance,
      namespace: OWN_NAMESPACE,
      lease,
      spans: this.#options.spans,
      client: new RestClient({
        transport: life.transport(network),
        clock,
        fieldManager: FIELD_MANAGER,
        onCall: callSink(metrics.own.api),
      }),
      prometheusAdapter: (request) => life.call(() => prometheus(request)),
      receiverAdapter:
        receiverAdapter === undefined ? undefined : (request) => life.call(() => receiverAdapter(request)),
      webhookTransport: {
        post: (request, signal) => life.call(() => webhookTransport.post(request, signal)),
      },
    });
    this.#lives += 1;
    this.#life = life;
    this.#controller = controller;
    this.#metrics = metrics.registry;
    // A controller that is killed while it starts never gets there; nobody waits for it.
    await Promise.race([controller.start(), life.ended]);
  }

  /** The metrics of the process that runs now; null: none does. */
  get metrics(): MetricsRegistry | null {
    return this.#metrics;
  }

  /** The process gets no CPU (SIGSTOP, a machine that swaps): timers and answers wait until it does again. */
  freeze(): void {
    this.#life?.freeze();
  }

  thaw(): void {
    this.#life?.thaw();
  }

  /** Somebody sets the clock of the process's machine: so far ahead of the world's. Timers go on as before. */
  setClock(aheadMs: number): void {
    this.#clockOffsetMs = aheadMs;
  }

  /** As kill -9 does: nothing is finished, nothing is told. */
  kill(): void {
    this.#life?.end();
    this.#life = null;
    this.#controller = null;
    this.#metrics = null;
  }

  async stop(): Promise<void> {
    await this.#controller?.stop(1_000);
    this.#life = null;
    this.#controller = null;
    this.#metrics = null;
  }
}
