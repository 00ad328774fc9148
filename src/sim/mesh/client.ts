import { AnswerTally } from "./answer-tally.ts";
import { Batch, type Carrier, type Sender } from "./carry.ts";
import type { Flow } from "./connections.ts";
import { Population } from "./population.ts";
import type { MeshProxy } from "./proxy.ts";
import type { WorkloadIdentity } from "./telemetry.ts";
import type { TrafficSpec } from "./traffic-spec.ts";

const DEFAULT_CONNECTION_MS = 10_000;

/** A source of traffic: a workload whose pods share its requests, or a gateway. */
export class TrafficClient {
  readonly name: string;
  /** One for each pod. The owner of the client adds and takes away. */
  readonly proxies: MeshProxy[] = [];
  #spec: TrafficSpec;
  #methods: ReadonlyMap<string, number>;
  #population: Population | null = null;

  constructor(name: string, spec: TrafficSpec) {
    this.name = name;
    this.#spec = spec;
    this.#methods = methodsOf(spec);
  }

  get spec(): TrafficSpec {
    return this.#spec;
  }

  change(spec: TrafficSpec): void {
    this.#spec = spec;
    this.#methods = methodsOf(spec);
    for (const proxy of this.proxies) proxy.forget();
    if (spec.clients === undefined) this.#population = null;
    else this.#population?.resize(spec.clients);
  }

  get #identity(): WorkloadIdentity {
    const { workload, namespace, labels } = this.#spec.from;
    return { workload, namespace, app: labels["app"] ?? workload, version: labels["version"] ?? "latest" };
  }

  /** Sends what has come up in `durationMs`, all at the instant `now`. */
  send(carrier: Carrier, now: number, durationMs: number): void {
    const { rps, clients } = this.#spec;
    this.#passConnections(carrier, now, durationMs);
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
    const request = { path, scheme };
    for (const [cookie, parts] of population.split(count, request)) {
      const answers = new AnswerTally();
      let dealt = 0;
      for (const part of parts) dealt += part.count;
      this.#carry(carrier, now, dealt, cookie, answers.add);
      population.answered(parts, answers.list(), request, now);
    }
  }

  /** By any of the proxies, in any of the methods. */
  #carry(
    carrier: Carrier,
    now: number,
    count: number,
    cookie: string | null,
    onAnswers?: Sender["onAnswers"],
  ): void {
    if (count === 0) return;
    const { draw } = carrier;
    const methods = [...this.#methods];
    const byProxy = draw.split(
      count,
      this.proxies.map(() => 1),
    );
    for (const [at, proxy] of this.proxies.entries()) {
      const byMethod = draw.split(
        byProxy[at] ?? 0,
        methods.map(([, share]) => share),
      );
      for (const [index, [method]] of methods.entries()) {
        const dealt = byMethod[index] ?? 0;
        if (dealt === 0) continue;
        const sender = this.#senderFor(proxy, method, onAnswers);
        const plan = proxy.planFor(this.#spec, method, cookie);
        if (plan.kind !== "connect") new Batch(carrier, sender, now).carry(plan, dealt);
        else proxy.connections.open(this.#flow(carrier, sender, now), plan, dealt);
      }
    }
  }

  /** Connections that are open go on, end, or break. */
  #passConnections(carrier: Carrier, now: number, durationMs: number): void {
    for (const proxy of this.proxies) {
      if (proxy.connections.isIdle) continue;
      const sender = this.#senderFor(proxy, "", undefined);
      proxy.connections.pass(this.#flow(carrier, sender, now), durationMs);
    }
  }

  #flow(carrier: Carrier, sender: Sender, now: number): Flow {
    const { host: authority, connectionMs = DEFAULT_CONNECTION_MS } = this.#spec;
    return { carrier, sender, now, authority, lastMs: this.#isHttp ? 0 : connectionMs };
  }

  get #isHttp(): boolean {
    return (this.#spec.protocol ?? "http") === "http";
  }

  #senderFor(proxy: MeshProxy, method: string, onAnswers: Sender["onAnswers"]): Sender {
    return {
      identity: this.#identity,
      stats: this.#spec.from.sidecar === false ? null : proxy.stats,
      origin: { source: this.name, method },
      outliers: proxy.outliers,
      ...(onAnswers === undefined ? {} : { onAnswers }),
    };
  }
}

/** Connections have no method; they are told apart by their protocol. */
function methodsOf({ method = "GET", protocol = "http" }: TrafficSpec): ReadonlyMap<string, number> {
  if (protocol !== "http") return new Map([[protocol.toUpperCase(), 1]]);
  return new Map(typeof method === "string" ? [[method, 1]] : Object.entries(method));
}
