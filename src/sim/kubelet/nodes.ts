import { isAlreadyExists } from "../../kube/api-error.ts";
import { CacheSet, type CacheSetOptions } from "../../kube/cache-set.ts";
import type { Client } from "../../kube/client.ts";
import { KubeEventRecorder, NO_EVENTS } from "../../kube/event-recorder.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Prng } from "../../lib/prng.ts";
import { type Logger, silentLogger } from "../../telemetry/logger.ts";
import type { ImageBook } from "../image.ts";
import { NODES, PODS } from "../kinds.ts";
import { ControlLoop } from "../workloads/control-loop.ts";
import { NODE_INDEXES } from "../workloads/indexes.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Kubelet } from "./kubelet.ts";
import { NodeLifecycle } from "./node-lifecycle.ts";
import { nodeObject } from "./node-object.ts";
import { Scheduler } from "./scheduler.ts";

export interface SimulatedNodesOptions {
  /** With the field manager of kubelets, `kubelet`. */
  readonly client: Client;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger?: Logger | undefined;
  readonly reflector?: CacheSetOptions["reflector"];
  readonly book: ImageBook;
  /** Names of the nodes; one that exists already is taken over. */
  readonly names: readonly string[];
  /** Whether nodes renew Leases, for a node controller that is not ours. Default: no. */
  readonly heartbeat?: boolean | undefined;
  /** False: nothing is told by Events. */
  readonly writesEvents?: boolean | undefined;
}

/** Nodes on which pods seem to run: registers them, binds pods to them and plays their kubelets. */
export class SimulatedNodes {
  readonly #options: SimulatedNodesOptions;
  readonly #caches: CacheSet;
  readonly #heartbeat: Heartbeat;
  readonly #kubelet: Kubelet;
  readonly #kubeletLoop: ControlLoop;
  readonly #schedulerLoop: ControlLoop;
  readonly #lifecycleLoop: ControlLoop;
  /** Nodes that have failed, and when. */
  readonly #failedAt = new Map<string, number>();

  constructor(options: SimulatedNodesOptions) {
    const { clock, prng, book, logger = silentLogger, reflector = {} } = options;
    const random = () => prng.float();
    const caches = new CacheSet({ client: options.client, clock, random, logger, reflector });
    const { client } = caches;
    const pods = caches.add(PODS, { indexes: NODE_INDEXES });
    const nodes = caches.add(NODES);
    const eventsOf = (component: string) =>
      options.writesEvents === false
        ? NO_EVENTS
        : new KubeEventRecorder({ client, clock, random, logger, component, instance: "" });
    const scheduler = new Scheduler({ pods, nodes, client, clock, events: eventsOf("default-scheduler") });
    const isRunning = (name: string) => options.names.includes(name) && !this.hasFailed(name);
    const silentSince = (name: string) => this.#failedAt.get(name);
    const lifecycle = new NodeLifecycle({
      pods,
      nodes,
      client,
      clock,
      silentSince,
      events: eventsOf("node-controller"),
    });
    const kubelet = new Kubelet({ pods, nodes, client, clock, book, isRunning, events: eventsOf("kubelet") });
    this.#options = options;
    this.#heartbeat = new Heartbeat({ client, clock, logger, nodes: () => options.names.filter(isRunning) });
    this.#caches = caches;
    this.#kubelet = kubelet;
    this.#schedulerLoop = new ControlLoop(scheduler, { clock, random, logger });
    this.#kubeletLoop = new ControlLoop(kubelet, { clock, random, logger });
    this.#lifecycleLoop = new ControlLoop(lifecycle, { clock, random, logger });
  }

  async start(): Promise<void> {
    await this.#register();
    if (this.#options.heartbeat === true) await this.#heartbeat.start();
    this.#caches.start();
    await this.#caches.synced();
    for (const loop of this.#loops()) loop.start();
  }

  /** The node is cut off: its pods stand still, and the cluster finds out after a while. */
  fail(name: string): void {
    if (this.hasFailed(name)) return;
    this.#failedAt.set(name, this.#options.clock.now());
    this.#lifecycleLoop.add(name);
  }

  /** The node is back: what is left of its pods runs on, and what was deleted meanwhile goes. */
  recover(name: string): void {
    if (!this.#failedAt.delete(name)) return;
    this.#lifecycleLoop.add(name);
    for (const key of this.#kubelet.podsOn(name)) this.#kubeletLoop.add(key);
  }

  hasFailed(name: string): boolean {
    return this.#failedAt.has(name);
  }

  /** Images behave differently from now on: pods that run them are looked at again. */
  refresh(): void {
    for (const name of this.#options.names) {
      for (const key of this.#kubelet.podsOn(name)) this.#kubeletLoop.add(key);
    }
  }

  async stop(): Promise<void> {
    this.#heartbeat.stop();
    await Promise.all(this.#loops().map((loop) => loop.stop()));
    await this.#caches.stop();
  }

  #loops(): readonly ControlLoop[] {
    return [this.#schedulerLoop, this.#kubeletLoop, this.#lifecycleLoop];
  }

  async #register(): Promise<void> {
    for (const [index, name] of this.#options.names.entries()) {
      const node = nodeObject(name, index, this.#options.clock.now());
      try {
        await this.#caches.client.create(NODES, node);
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
      const { client } = this.#caches;
      await client.patch(
        NODES,
        { name },
        { type: "merge", body: { status: node.status } },
        { subresource: "status" },
      );
    }
  }
}
