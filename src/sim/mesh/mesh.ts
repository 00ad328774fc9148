import type { Cache } from "../../kube/cache.ts";
import type { EndpointSlice, Service } from "../../kube/kind/network.ts";
import type { Pod } from "../../kube/kind/workload.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Clock, Timer } from "../../lib/clock.ts";
import type { Prng } from "../../lib/prng.ts";
import type { ImageBook } from "../image.ts";
import type { Carrier } from "./carry.ts";
import { TrafficClient } from "./client.ts";
import { Draw } from "./draw.ts";
import { GroundTruth } from "./ground-truth.ts";
import type { DestinationRule, PeerAuthentication, VirtualService } from "./istio.ts";
import { drawLag, type MeshLag } from "./lag.ts";
import { LatencyGrids } from "./latency.ts";
import { PeerAuthentications } from "./peer-authentication.ts";
import { type HasSidecar, PodDirectory } from "./pod-directory.ts";
import { MeshProxy } from "./proxy.ts";
import { exposition, type MetricPage, samplesOf } from "./scrape.ts";
import type { ProxyStats } from "./telemetry.ts";
import type { TrafficSpec } from "./traffic-spec.ts";
import { ChangeLog, type KindName, type Kinds } from "./view.ts";

export interface MeshCaches {
  readonly pods: Cache<Pod>;
  readonly services: Cache<Service>;
  readonly endpointSlices: Cache<EndpointSlice>;
  readonly virtualServices: Cache<VirtualService>;
  readonly destinationRules: Cache<DestinationRule>;
  readonly peerAuthentications: Cache<PeerAuthentication>;
}

export interface MeshOptions {
  readonly clock: Clock;
  readonly prng: Prng;
  readonly images: ImageBook;
  readonly caches: MeshCaches;
  readonly hasSidecar: HasSidecar;
  /** How long changes take to reach proxies. */
  readonly lag: MeshLag;
  /** Default BATCH_MS. */
  readonly batchMs?: number | undefined;
}

/** Requests are carried in batches, by default so many milliseconds apart. */
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
  readonly #pods: PodDirectory;
  readonly #peers = new PeerAuthentications();
  readonly #carrier: Carrier;
  readonly #clients = new Map<string, TrafficClient>();
  readonly #pages = new Map<object, { readonly page: MetricPage; forget: (() => void) | null }>();
  readonly #unsubscribe: readonly (() => void)[];
  #pageListener: PageListener | null = null;
  readonly #lagPrng: Prng;
  #lag: MeshLag;
  readonly #batchMs: number;
  #timer: Timer | null = null;
  #lastBatchAt = 0;

  constructor(options: MeshOptions) {
    const { clock, prng, images, caches } = options;
    this.#clock = clock;
    this.#pods = new PodDirectory(options.hasSidecar);
    this.#lag = options.lag;
    this.#lagPrng = prng.fork();
    this.#batchMs = options.batchMs ?? BATCH_MS;
    this.#carrier = {
      draw: new Draw(prng),
      grids: new LatencyGrids(),
      images,
      pods: this.#pods,
      peers: this.#peers,
      truth: this.truth,
    };
    this.#unsubscribe = [
      this.#follow("services", caches.services),
      this.#follow("endpointSlices", caches.endpointSlices),
      this.#follow("virtualServices", caches.virtualServices),
      this.#follow("destinationRules", caches.destinationRules),
      this.#follow("pods", caches.pods),
      this.#followPods(caches.pods),
      this.#followPeers(caches.peerAuthentications),
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

  get lag(): MeshLag {
    return this.#lag;
  }

  /** Holds for what proxies have not learnt yet. What they know they do not forget. */
  setLag(lag: MeshLag): void {
    this.#lag = lag;
    for (const { proxies } of this.#clients.values()) {
      for (const proxy of proxies) proxy.lag = drawLag(lag, this.#lagPrng);
    }
  }

  /** Starts, or changes, the traffic of one client. */
  setTraffic(name: string, spec: TrafficSpec): void {
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = new TrafficClient(name, spec);
      this.#clients.set(name, client);
    } else client.change(spec);
    this.#fit(client, spec.from.replicas ?? 1);
  }

  /** The client, its proxies and their counters are gone. */
  removeTraffic(name: string): void {
    const client = this.#clients.get(name);
    if (client === undefined) return;
    this.#clients.delete(name);
    this.#fit(client, 0);
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

  /** As many proxies as the client has pods; those that begin know all there is. */
  #fit({ name, spec, proxies }: TrafficClient, replicas: number): void {
    for (const proxy of proxies.splice(replicas)) {
      this.#log.disconnect(proxy.known);
      this.#close(proxy);
    }
    while (proxies.length < replicas) {
      const pod = proxies.length === 0 ? name : `${name}-${proxies.length}`;
      const proxy = new MeshProxy(pod, this.#log.connect(), drawLag(this.#lag, this.#lagPrng));
      proxies.push(proxy);
      this.#open(proxy, proxy.stats, { namespace: spec.from.namespace, pod });
    }
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimer(this.#batchMs, () => {
      this.#carry();
      this.#schedule();
    });
  }

  #carry(): void {
    const now = this.#clock.now();
    const durationMs = Math.min(now - this.#lastBatchAt, LONGEST_BATCH_MS);
    this.#lastBatchAt = now;
    for (const client of this.#clients.values()) {
      for (const { known, lag } of client.proxies) this.#log.deliver(known, now, lag);
      client.send(this.#carrier, now, durationMs);
    }
    this.#log.prune();
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

  /** Those who are called know at once what they ask of callers. */
  #followPeers(cache: Cache<PeerAuthentication>): () => void {
    for (const object of cache.list()) this.#peers.put(object);
    return cache.subscribe(({ old, new: object }) => {
      if (object !== undefined) this.#peers.put(object);
      else if (old !== undefined) this.#peers.remove(old);
    });
  }

  #followPods(cache: Cache<Pod>): () => void {
    for (const pod of cache.list()) this.#podChanged(undefined, pod);
    return cache.subscribe((change) => this.#podChanged(change.old, change.new));
  }

  #podChanged(old: Pod | undefined, pod: Pod | undefined): void {
    if (pod !== undefined) {
      const { meshPod, isNew } = this.#pods.update(pod);
      if (isNew && meshPod.hasSidecar)
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
