import { keyText } from "../../kube/object.ts";
import { Batch, type Carrier } from "./carry.ts";
import { serviceNamed } from "./hosts.ts";
import { ANY_GATEWAY, type RequestShape } from "./match.ts";
import { NO_ROUTE, type Plan, planFor } from "./route.ts";
import { ProxyStats, type WorkloadIdentity } from "./telemetry.ts";
import type { ProxyView, View } from "./view.ts";

/** Requests of one kind that come without end. */
export interface TrafficSpec {
  /** As clients name it: `checkout`, `checkout.shop`, `checkout.example.com`. */
  readonly host: string;
  /** Mean requests a second; arrivals are random (Poisson). */
  readonly rps: number;
  readonly method?: string;
  /** With its query string. */
  readonly path?: string;
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Port that clients ask for; by default the first one of the Service, 80 for other hosts. */
  readonly port?: number;
  /**
   * Where the requests enter: `mesh` (a client with a sidecar) or `namespace/name` of a gateway. By default hosts that
   * are Services are called from within the mesh, others through whatever gateway serves them.
   */
  readonly gateway?: string;
  readonly from: {
    readonly workload: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
}

/** A client with its proxy: its own view of the world, its own statistics. */
export class TrafficClient {
  readonly name: string;
  readonly stats = new ProxyStats();
  readonly proxy: ProxyView;
  #spec: TrafficSpec;
  #plan: { readonly plan: Plan; readonly revision: number } | null = null;

  constructor(name: string, spec: TrafficSpec, proxy: ProxyView) {
    this.name = name;
    this.#spec = spec;
    this.proxy = proxy;
  }

  get spec(): TrafficSpec {
    return this.#spec;
  }

  change(spec: TrafficSpec): void {
    this.#spec = spec;
    this.#plan = null;
  }

  get identity(): WorkloadIdentity {
    const { workload, namespace, labels } = this.#spec.from;
    return { workload, namespace, app: labels["app"] ?? workload, version: labels["version"] ?? "latest" };
  }

  /** Sends what has come up in `durationMs`, all at the instant `now`. */
  send(carrier: Carrier, now: number, durationMs: number): void {
    const count = carrier.draw.poisson((this.#spec.rps * durationMs) / 1_000);
    if (count === 0) return;
    new Batch(carrier, { identity: this.identity, stats: this.stats }, now).carry(this.#currentPlan(), count);
  }

  #currentPlan(): Plan {
    const { revision, view } = this.proxy;
    if (this.#plan === null || this.#plan.revision !== revision) {
      this.#plan = { plan: planOf(this.#spec, view), revision };
    }
    return this.#plan.plan;
  }
}

function planOf(spec: TrafficSpec, view: View): Plan {
  if (spec.gateway !== undefined) return planFor(view, requestOf(spec, view, spec.gateway));
  const named = serviceNamed(spec.host, spec.from.namespace);
  if (named !== null && view.services.has(keyText(named)))
    return planFor(view, requestOf(spec, view, "mesh"));
  const outside = planFor(view, requestOf(spec, view, ANY_GATEWAY));
  return outside === NO_ROUTE ? planFor(view, requestOf(spec, view, "mesh")) : outside;
}

function requestOf(spec: TrafficSpec, view: View, gateway: string): RequestShape {
  const named = serviceNamed(spec.host, spec.from.namespace);
  const service = named === null ? undefined : view.services.get(keyText(named));
  return {
    method: spec.method ?? "GET",
    path: spec.path ?? "/",
    authority: spec.host,
    scheme: "http",
    headers: spec.headers ?? {},
    port: spec.port ?? service?.spec.ports?.[0]?.port ?? 80,
    gateway,
    source: { namespace: spec.from.namespace, labels: spec.from.labels },
  };
}
