import type { Service } from "../../kube/kind/network.ts";
import { keyText } from "../../kube/object.ts";
import { withoutProxy } from "./clusters.ts";
import { type ConnectPlan, connectPlan, directConnectPlan } from "./connection-route.ts";
import { Connections } from "./connections.ts";
import { serviceNamed } from "./hosts.ts";
import type { Lag } from "./lag.ts";
import { ANY_GATEWAY, type RequestShape } from "./match.ts";
import { Outliers } from "./outliers.ts";
import { portProtocol } from "./ports.ts";
import { directPlan, type HttpPlan, NO_ROUTE, planFor } from "./route.ts";
import { ProxyStats } from "./telemetry.ts";
import type { TrafficSpec } from "./traffic-spec.ts";
import type { ProxyView, View } from "./view.ts";

export type Plan = HttpPlan | ConnectPlan;

/** Plans that are kept for one state of the world: one for each method and Cookie header. */
const PLAN_LIMIT = 1_000;

/** A sidecar of a client, or one gateway of several: its own view of the world, its own statistics. */
export class MeshProxy {
  /** The pod that it is in. */
  readonly name: string;
  readonly stats = new ProxyStats();
  readonly connections = new Connections();
  readonly outliers = new Outliers();
  readonly known: ProxyView;
  lag: Lag;
  #plans = new Map<string, Plan>();
  #planRevision = -1;

  constructor(name: string, known: ProxyView, lag: Lag) {
    this.name = name;
    this.known = known;
    this.lag = lag;
  }

  /** The traffic has changed: nothing that was planned holds. */
  forget(): void {
    this.#plans.clear();
  }

  /** What becomes of requests with this method and this Cookie header. */
  planFor(spec: TrafficSpec, method: string, cookie: string | null): Plan {
    const { revision, view } = this.known;
    if (this.#planRevision !== revision || this.#plans.size >= PLAN_LIMIT) this.#plans.clear();
    this.#planRevision = revision;
    const key = `${method} ${cookie ?? ""}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = planOf(spec, method, cookie, view);
      this.#plans.set(key, plan);
    }
    return plan;
  }
}

function planOf(spec: TrafficSpec, method: string, cookie: string | null, view: View): Plan {
  const at = (gateway: string) => planAt(spec, requestOf(spec, method, cookie, view, gateway), view);
  if (spec.from.sidecar === false) return at(NO_PROXY);
  if (spec.gateway !== undefined) return at(spec.gateway);
  if (serviceOf(spec, view) !== undefined) return at("mesh");
  const outside = at(ANY_GATEWAY);
  const isTaken = outside.kind === "connect" ? outside.destinations.length > 0 : outside !== NO_ROUTE;
  return isTaken ? outside : at("mesh");
}

/** Where requests enter that no proxy sends. */
const NO_PROXY = "";

/** What is not HTTP at a port that is said to be: Envoy's codec gives up. */
const PROTOCOL_ERROR: Plan = { kind: "answer", status: 400, flags: "DPE", cookies: [] };

function planAt({ protocol = "http", ...spec }: TrafficSpec, request: RequestShape, view: View): Plan {
  const isHttp = protocol === "http";
  if (request.gateway === NO_PROXY) {
    return isHttp ? directPlan(view, request) : directConnectPlan(view, request, withoutProxy);
  }
  const isMesh = request.gateway === "mesh";
  const port = isMesh ? portProtocol(serviceOf(spec, view), request.port) : protocol;
  if (!isHttp) return port === "http" ? PROTOCOL_ERROR : connectPlan(view, request, protocol === "tls");
  // Requests to a port that is said to be something else are bytes to the proxy.
  return port === "tcp" || port === "tls" ? connectPlan(view, request, false) : planFor(view, request);
}

function serviceOf({ host, from }: Pick<TrafficSpec, "host" | "from">, view: View): Service | undefined {
  const named = serviceNamed(host, from.namespace);
  return named === null ? undefined : view.services.get(keyText(named));
}

function requestOf(
  spec: TrafficSpec,
  method: string,
  cookie: string | null,
  view: View,
  gateway: string,
): RequestShape {
  return {
    method,
    path: spec.path ?? "/",
    authority: spec.host,
    scheme: spec.scheme ?? "http",
    headers: withCookie(spec.headers ?? {}, cookie),
    port: spec.port ?? serviceOf(spec, view)?.spec.ports?.[0]?.port ?? 80,
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
