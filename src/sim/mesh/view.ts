import type { EndpointSlice, Service } from "../../kube/kind/network.ts";
import type { Pod } from "../../kube/kind/workload.ts";
import type { KubeObject } from "../../kube/object.ts";
import { keyOf, keyText } from "../../kube/object.ts";
import type { DestinationRule, VirtualService } from "./istio.ts";
import type { Lag } from "./lag.ts";

export interface Kinds {
  readonly virtualServices: VirtualService;
  readonly destinationRules: DestinationRule;
  readonly services: Service;
  readonly endpointSlices: EndpointSlice;
  readonly pods: Pod;
}

export type KindName = keyof Kinds;

/** The objects that routing depends on, by `namespace/name`. */
export type View = { readonly [K in KindName]: ReadonlyMap<string, Kinds[K]> };

type MutableView = { readonly [K in KindName]: Map<string, Kinds[K]> };

/**
 * Listeners, routes and clusters come over one stream, endpoints over another: istiod pushes endpoints at once and
 * debounces the rest, and neither waits for the other.
 */
export type StreamName = "routes" | "endpoints";

const STREAMS: readonly StreamName[] = ["routes", "endpoints"];

const STREAM_OF: { readonly [K in KindName]: StreamName } = {
  virtualServices: "routes",
  destinationRules: "routes",
  services: "routes",
  endpointSlices: "endpoints",
  pods: "endpoints",
};

interface Change {
  readonly at: number;
  readonly kind: KindName;
  readonly key: string;
  /** null: deleted. */
  readonly object: KubeObject | null;
}

/** A log this long means that nobody carries traffic with it; the oldest changes are then told early. */
const LOG_LIMIT = 100_000;

/**
 * The control plane's side of configuration delivery: changes in the order in which they happened. Each proxy learns
 * of those of one stream in this order (as over one xDS stream), of each once it is older than the proxy's delay.
 */
export class ChangeLog {
  readonly #streams: { readonly [S in StreamName]: Change[] } = { routes: [], endpoints: [] };
  readonly #now = emptyView();
  readonly #proxies: ProxyView[] = [];

  /** Everything up to this instant. */
  get current(): View {
    return this.#now;
  }

  record<K extends KindName>(at: number, kind: K, object: Kinds[K], deleted: boolean): void {
    const key = keyText(keyOf(object));
    const change: Change = { at, kind, key, object: deleted ? null : object };
    apply(this.#now, change);
    const stream = STREAM_OF[kind];
    this.#streams[stream].push(change);
    if (this.#streams[stream].length > LOG_LIMIT) this.#trim(stream);
  }

  /** A proxy that starts now, knowing all there is. */
  connect(): ProxyView {
    const { routes, endpoints } = this.#streams;
    const proxy = new ProxyView(this.#now, { routes: routes.length, endpoints: endpoints.length });
    this.#proxies.push(proxy);
    return proxy;
  }

  disconnect(proxy: ProxyView): void {
    const index = this.#proxies.indexOf(proxy);
    if (index >= 0) this.#proxies.splice(index, 1);
  }

  /** Tells a proxy all changes that are older than its lag. */
  deliver(proxy: ProxyView, now: number, lag: Lag): void {
    proxy.catchUp("routes", this.#streams.routes, (change) => change.at <= now - lag.routesMs);
    proxy.catchUp("endpoints", this.#streams.endpoints, (change) => change.at <= now - lag.endpointsMs);
  }

  /** Forgets what every proxy knows. */
  prune(): void {
    for (const stream of STREAMS) {
      if (this.#streams[stream].length === 0) continue;
      let known = this.#streams[stream].length;
      for (const { position } of this.#proxies) known = Math.min(known, position[stream]);
      this.#forget(stream, known);
    }
  }

  #trim(stream: StreamName): void {
    const half = LOG_LIMIT / 2;
    for (const proxy of this.#proxies) {
      proxy.catchUp(stream, this.#streams[stream], (_, index) => index < half);
    }
    this.#forget(stream, half);
  }

  #forget(stream: StreamName, count: number): void {
    if (count === 0) return;
    this.#streams[stream].splice(0, count);
    for (const { position } of this.#proxies) position[stream] -= count;
  }
}

/** The world as one proxy knows it. `revision` rises with every change that it learns of. */
export class ProxyView {
  readonly view: View;
  revision = 0;
  /** Index in each stream of the first change that it has not learnt of. */
  readonly position: { [S in StreamName]: number };
  readonly #view: MutableView;

  constructor(start: View, position: { readonly [S in StreamName]: number }) {
    this.#view = emptyView();
    for (const kind of Object.keys(start) as KindName[]) {
      const copy = this.#view[kind] as Map<string, KubeObject>;
      for (const [key, object] of start[kind]) copy.set(key, object);
    }
    this.view = this.#view;
    this.position = { ...position };
  }

  catchUp(
    stream: StreamName,
    changes: readonly Change[],
    due: (change: Change, index: number) => boolean,
  ): void {
    for (;;) {
      const at = this.position[stream];
      const next = changes[at];
      if (next === undefined || !due(next, at)) return;
      apply(this.#view, next);
      this.position[stream] = at + 1;
      this.revision += 1;
    }
  }
}

function emptyView(): MutableView {
  return {
    virtualServices: new Map(),
    destinationRules: new Map(),
    services: new Map(),
    endpointSlices: new Map(),
    pods: new Map(),
  };
}

function apply(view: MutableView, change: Change): void {
  const objects = view[change.kind] as Map<string, KubeObject>;
  if (change.object === null) objects.delete(change.key);
  else objects.set(change.key, change.object);
}
