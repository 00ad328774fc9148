import { keyText } from "../../kube/object.ts";
import { serviceNamed } from "./hosts.ts";
import type { Lag } from "./lag.ts";
import { ANY_GATEWAY, type RequestShape } from "./match.ts";
import { directPlan, NO_ROUTE, type Plan, planFor } from "./route.ts";
import { ProxyStats } from "./telemetry.ts";
import type { TrafficSpec } from "./traffic-spec.ts";
import type { ProxyView, View } from "./view.ts";

/** Plans that are kept for one state of the world: one for each method and Cookie header. */
const PLAN_LIMIT = 1_000;

/** A sidecar of a client, or one gateway of several: its own view of the world, its own statistics. */
export class MeshProxy {
  /** The pod that it is in. */
  readonly name: string;
  readonly stats = new ProxyStats();
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
  if (spec.from.sidecar === false) return directPlan(view, requestOf(spec, method, cookie, view, "none"));
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
