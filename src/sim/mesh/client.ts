import { keyText } from "../../kube/object.ts";
import { AnswerTally } from "./answer-tally.ts";
import { Batch, type Carrier, type Sender } from "./carry.ts";
import { serviceNamed } from "./hosts.ts";
import { ANY_GATEWAY, type RequestShape } from "./match.ts";
import { type ClientsSpec, Population } from "./population.ts";
import { NO_ROUTE, type Plan, planFor } from "./route.ts";
import { ProxyStats, type WorkloadIdentity } from "./telemetry.ts";
import type { ProxyView, View } from "./view.ts";

/** Requests of one kind that come without end. */
export interface TrafficSpec {
  /** As clients name it: `checkout`, `checkout.shop`, `checkout.example.com`. */
  readonly host: string;
  /** Mean requests a second; arrivals are random (Poisson). */
  readonly rps: number;
  /** One, or several and how often each (on any scale). Default GET. */
  readonly method?: string | Readonly<Record<string, number>>;
  /** With its query string. */
  readonly path?: string;
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Port that clients ask for; by default the first one of the Service, 80 for other hosts. */
  readonly port?: number;
  /** Default http. */
  readonly scheme?: "http" | "https";
  /** People behind the requests, each with a cookie jar; without it nobody keeps cookies. */
  readonly clients?: ClientsSpec;
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

/** Plans that are kept for one state of the world: one for each method and Cookie header. */
const PLAN_LIMIT = 1_000;

/** A source of traffic with its proxy: its own view of the world, its own statistics. */
export class TrafficClient {
  readonly name: string;
  readonly stats = new ProxyStats();
  readonly proxy: ProxyView;
  #spec: TrafficSpec;
  #methods: ReadonlyMap<string, number>;
  #population: Population | null = null;
  #plans = new Map<string, Plan>();
  #planRevision = -1;

  constructor(name: string, spec: TrafficSpec, proxy: ProxyView) {
    this.name = name;
    this.#spec = spec;
    this.#methods = methodsOf(spec);
    this.proxy = proxy;
  }

  get spec(): TrafficSpec {
    return this.#spec;
  }

  change(spec: TrafficSpec): void {
    this.#spec = spec;
    this.#methods = methodsOf(spec);
    this.#plans.clear();
    if (spec.clients === undefined) this.#population = null;
    else this.#population?.resize(spec.clients);
  }

  get identity(): WorkloadIdentity {
    const { workload, namespace, labels } = this.#spec.from;
    return { workload, namespace, app: labels["app"] ?? workload, version: labels["version"] ?? "latest" };
  }

  /** Sends what has come up in `durationMs`, all at the instant `now`. */
  send(carrier: Carrier, now: number, durationMs: number): void {
    const { rps, clients } = this.#spec;
    const count = carrier.draw.poisson((rps * durationMs) / 1_000);
    if (clients === undefined) {
      this.#carry(carrier, now, count, null);
      return;
    }
    this.#population ??= new Population(clients, carrier.draw, carrier.truth.clients);
    this.#population.pass(now, durationMs);
    this.#carryFor(this.#population, carrier, now, count);
  }

  /** Requests of people who keep what cookies they are given. */
  #carryFor(population: Population, carrier: Carrier, now: number, count: number): void {
    const { path = "/", scheme = "http" } = this.#spec;
    for (const { group, count: dealt } of population.split(count)) {
      if (dealt === 0) continue;
      const answers = new AnswerTally();
      this.#carry(carrier, now, dealt, group.jar.header({ path, scheme }), answers.add);
      population.answered(group, answers.list(), { path, scheme }, now);
    }
  }

  #carry(
    carrier: Carrier,
    now: number,
    count: number,
    cookie: string | null,
    onAnswers?: Sender["onAnswers"],
  ): void {
    if (count === 0) return;
    const counts = carrier.draw.split(count, [...this.#methods.values()]);
    for (const [index, method] of [...this.#methods.keys()].entries()) {
      const dealt = counts[index] ?? 0;
      if (dealt === 0) continue;
      const origin = { source: this.name, method };
      const sender = { identity: this.identity, stats: this.stats, origin };
      const batch = new Batch(carrier, onAnswers === undefined ? sender : { ...sender, onAnswers }, now);
      batch.carry(this.#planFor(method, cookie), dealt);
    }
  }

  #planFor(method: string, cookie: string | null): Plan {
    const { revision, view } = this.proxy;
    if (this.#planRevision !== revision || this.#plans.size >= PLAN_LIMIT) this.#plans.clear();
    this.#planRevision = revision;
    const key = `${method} ${cookie ?? ""}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = planOf(this.#spec, method, cookie, view);
      this.#plans.set(key, plan);
    }
    return plan;
  }
}

function methodsOf({ method = "GET" }: TrafficSpec): ReadonlyMap<string, number> {
  return new Map(typeof method === "string" ? [[method, 1]] : Object.entries(method));
}

function planOf(spec: TrafficSpec, method: string, cookie: string | null, view: View): Plan {
  const plan = (gateway: string) => planFor(view, requestOf(spec, method, cookie, view, gateway));
  if (spec.gateway !== undefined) return plan(spec.gateway);
  const named = serviceNamed(spec.host, spec.from.namespace);
  if (named !== null && view.services.has(keyText(named))) return plan("mesh");
  const outside = plan(ANY_GATEWAY);
  return outside === NO_ROUTE ? plan("mesh") : outside;
}

function requestOf(
  spec: TrafficSpec,
  method: string,
  cookie: string | null,
  view: View,
  gateway: string,
): RequestShape {
  const named = serviceNamed(spec.host, spec.from.namespace);
  const service = named === null ? undefined : view.services.get(keyText(named));
  return {
    method,
    path: spec.path ?? "/",
    authority: spec.host,
    scheme: spec.scheme ?? "http",
    headers: withCookie(spec.headers ?? {}, cookie),
    port: spec.port ?? service?.spec.ports?.[0]?.port ?? 80,
    gateway,
    source: { namespace: spec.from.namespace, labels: spec.from.labels },
  };
}

/** Beside a Cookie header that every request has. */
function withCookie(headers: Readonly<Record<string, string>>, cookie: string | null) {
  if (cookie === null) return headers;
  const fixed = headers["cookie"];
  return { ...headers, cookie: fixed === undefined ? cookie : `${fixed}; ${cookie}` };
}
