import type { EndpointSlice, Service } from "../../kube/kind/network.ts";
import type { Pod } from "../../kube/kind/workload.ts";
import type { KubeObject } from "../../kube/object.ts";
import { keyOf, keyText } from "../../kube/object.ts";
import type { DestinationRule, VirtualService } from "./istio.ts";

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

interface Change {
  readonly at: number;
  readonly kind: KindName;
  readonly key: string;
  /** null: deleted. */
  readonly object: KubeObject | null;
}

/** A log this long means that nobody carries traffic with it; the oldest changes are then told early. */
const LOG_LIMIT = 100_000;

function emptyView(): MutableView {
  return {
    virtualServices: new Map(),
    destinationRules: new Map(),
    services: new Map(),
    endpointSlices: new Map(),
    pods: new Map(),
  };
}

/**
 * The control plane's side of configuration delivery: changes in the order in which they happened. Each proxy learns
 * of them in this order (as over one xDS stream) once they are older than the delay.
 */
export class ChangeLog {
  readonly #changes: Change[] = [];
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
    this.#changes.push(change);
    if (this.#changes.length > LOG_LIMIT) this.#trim();
  }

  /** A proxy that starts now, knowing all there is. */
  connect(): ProxyView {
    const proxy = new ProxyView(this.#now, this.#changes.length);
    this.#proxies.push(proxy);
    return proxy;
  }

  disconnect(proxy: ProxyView): void {
    const index = this.#proxies.indexOf(proxy);
    if (index >= 0) this.#proxies.splice(index, 1);
  }

  /** Tells a proxy all changes made at or before `until`, and forgets what every proxy knows. */
  deliver(proxy: ProxyView, until: number): void {
    proxy.catchUp(this.#changes, (change) => change.at <= until);
    const known = Math.min(...this.#proxies.map((other) => other.position));
    if (known > 0) this.#forget(known);
  }

  #trim(): void {
    const half = LOG_LIMIT / 2;
    for (const proxy of this.#proxies) proxy.catchUp(this.#changes, (_, index) => index < half);
    this.#forget(half);
  }

  #forget(count: number): void {
    this.#changes.splice(0, count);
    for (const proxy of this.#proxies) proxy.position -= count;
  }
}

/** The world as one proxy knows it. `revision` rises with every change that it learns of. */
export class ProxyView {
  readonly view: View;
  revision = 0;
  /** Index of the first change in the log that it has not learnt of. */
  position: number;
  readonly #view: MutableView;

  constructor(start: View, position: number) {
    this.#view = emptyView();
    for (const kind of Object.keys(start) as KindName[]) {
      const copy = this.#view[kind] as Map<string, KubeObject>;
      for (const [key, object] of start[kind]) copy.set(key, object);
    }
    this.view = this.#view;
    this.position = position;
  }

  catchUp(changes: readonly Change[], due: (change: Change, index: number) => boolean): void {
    for (;;) {
      const next = changes[this.position];
      if (next === undefined || !due(next, this.position)) return;
      apply(this.#view, next);
      this.position += 1;
      this.revision += 1;
    }
  }
}

function apply(view: MutableView, change: Change): void {
  const objects = view[change.kind] as Map<string, KubeObject>;
  if (change.object === null) objects.delete(change.key);
  else objects.set(change.key, change.object);
}
