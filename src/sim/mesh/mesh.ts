import type { Cache } from "../../kube/cache.ts";
import type { EndpointSlice, Service } from "../../kube/kind/network.ts";
import type { Pod } from "../../kube/kind/workload.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Clock, Timer } from "../../lib/clock.ts";
import type { Prng } from "../../lib/prng.ts";
import type { ImageBook } from "../image.ts";
import type { Carrier } from "./carry.ts";
import { TrafficClient, type TrafficSpec } from "./client.ts";
import { Draw } from "./draw.ts";
import { GroundTruth } from "./ground-truth.ts";
import type { DestinationRule, VirtualService } from "./istio.ts";
import { LatencyGrids } from "./latency.ts";
import { PodDirectory } from "./pod-directory.ts";
import { exposition, type MetricPage, samplesOf } from "./scrape.ts";
import type { ProxyStats } from "./telemetry.ts";
import { ChangeLog, type KindName, type Kinds } from "./view.ts";

export interface MeshCaches {
  readonly pods: Cache<Pod>;
  readonly services: Cache<Service>;
  readonly endpointSlices: Cache<EndpointSlice>;
  readonly virtualServices: Cache<VirtualService>;
  readonly destinationRules: Cache<DestinationRule>;
}

export interface MeshOptions {
  readonly clock: Clock;
  readonly prng: Prng;
  readonly images: ImageBook;
  readonly caches: MeshCaches;
  /** How long a change takes to reach a proxy. */
  readonly delayMs: number;
}

/** Requests are carried in batches, so many milliseconds apart. */
export const BATCH_MS = 200;

/** A process that was asleep does not send what it has missed. */
const LONGEST_BATCH_MS = 2_000;

/** Hears of the metrics page of each proxy; its result is called when the proxy is gone. */
export type PageListener = (page: MetricPage) => () => void;

/**
 * An Istio mesh without packets: clients' proxies that route by what they know of the routing objects, pods that answer
 * as their image says, and the metrics of both sides. It reads the world through caches and writes nothing.
 */
export class Mesh {
  readonly truth = new GroundTruth();
  readonly #clock: Clock;
  readonly #log = new ChangeLog();
  readonly #pods = new PodDirectory();
  readonly #carrier: Carrier;
  readonly #clients = new Map<string, TrafficClient>();
  readonly #pages = new Map<object, { readonly page: MetricPage; forget: (() => void) | null }>();
  readonly #unsubscribe: readonly (() => void)[];
  #pageListener: PageListener | null = null;
  #delayMs: number;
  #timer: Timer | null = null;
  #lastBatchAt = 0;

  constructor(options: MeshOptions) {
    const { clock, prng, images, caches } = options;
    this.#clock = clock;
    this.#delayMs = options.delayMs;
    this.#carrier = {
      draw: new Draw(prng),
      grids: new LatencyGrids(),
      images,
      pods: this.#pods,
      truth: this.truth,
    };
    this.#unsubscribe = [
      this.#follow("services", caches.services),
      this.#follow("endpointSlices", caches.endpointSlices),
      this.#follow("virtualServices", caches.virtualServices),
      this.#follow("destinationRules", caches.destinationRules),
      this.#follow("pods", caches.pods),
      this.#followPods(caches.pods),
    ];
  }

  start(): void {
    if (this.#timer !== null) return;
    this.#lastBatchAt = this.#clock.now();
    this.#schedule();
  }

  /** No more traffic, and the caches are let go. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  /** Holds for what proxies have not learnt yet. What they know they do not forget. */
  setDelay(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Starts, or changes, the traffic of one client. */
  setTraffic(name: string, spec: TrafficSpec): void {
    const known = this.#clients.get(name);
    if (known !== undefined) {
      known.change(spec);
      return;
    }
    const client = new TrafficClient(name, spec, this.#log.connect());
    this.#clients.set(name, client);
    this.#open(client, client.stats, { namespace: spec.from.namespace, pod: name });
  }

  /** The client, its proxy and its counters are gone. */
  removeTraffic(name: string): void {
    const client = this.#clients.get(name);
    if (client === undefined) return;
    this.#clients.delete(name);
    this.#log.disconnect(client.proxy);
    this.#close(client);
  }

  get traffic(): ReadonlyMap<string, TrafficSpec> {
    return new Map([...this.#clients].map(([name, { spec }]) => [name, spec]));
  }

  /** Tells `listener` of every proxy's metrics page, those that exist and those to come. */
  exportTo(listener: PageListener): void {
    this.#pageListener = listener;
    for (const entry of this.#pages.values()) entry.forget = listener(entry.page);
  }

  /** The metrics of all proxies in Prometheus' text format. */
  metricsText(): string {
    return exposition([...this.#pages.values()].map(({ page }) => page));
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimer(BATCH_MS, () => {
      this.#carry();
      this.#schedule();
    });
  }

  #carry(): void {
    const now = this.#clock.now();
    const durationMs = Math.min(now - this.#lastBatchAt, LONGEST_BATCH_MS);
    this.#lastBatchAt = now;
    for (const client of this.#clients.values()) {
      this.#log.deliver(client.proxy, now - this.#delayMs);
      client.send(this.#carrier, now, durationMs);
    }
  }

  #follow<K extends KindName>(kind: K, cache: Cache<Kinds[K] & KubeObject>): () => void {
    const tell = (object: Kinds[K], isDeleted: boolean) =>
      this.#log.record(this.#clock.now(), kind, object, isDeleted);
    for (const object of cache.list()) tell(object, false);
    return cache.subscribe((change) => {
      if (change.new !== undefined) tell(change.new, false);
      else if (change.old !== undefined) tell(change.old, true);
    });
  }

  #followPods(cache: Cache<Pod>): () => void {
    for (const pod of cache.list()) this.#podChanged(undefined, pod);
    return cache.subscribe((change) => this.#podChanged(change.old, change.new));
  }

  #podChanged(old: Pod | undefined, pod: Pod | undefined): void {
    if (pod !== undefined) {
      const { meshPod, isNew } = this.#pods.update(pod);
      if (isNew)
        this.#open(meshPod, meshPod.stats, { namespace: meshPod.group.namespace, pod: pod.metadata.name });
    } else if (old !== undefined) {
      const gone = this.#pods.remove(old);
      if (gone !== null) this.#close(gone);
    }
  }

  #open(
    owner: object,
    stats: ProxyStats,
    labels: { readonly namespace: string; readonly pod: string },
  ): void {
    const page: MetricPage = {
      labels: { job: "istio-proxies", instance: `${labels.pod}.${labels.namespace}:15020`, ...labels },
      collect: () => samplesOf(stats),
    };
    this.#pages.set(owner, { page, forget: this.#pageListener?.(page) ?? null });
  }

  #close(owner: object): void {
    this.#pages.get(owner)?.forget?.();
    this.#pages.delete(owner);
  }
}
