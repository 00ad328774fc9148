import type { ApiRequest, ApiResponse, Transport } from "../../kube/transport.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Prng } from "../../lib/prng.ts";
import { ServiceAllocator } from "./allocator.ts";
import { type Backend, newUid, nowText, Strategies } from "./backend.ts";
import { BUILTIN_RESOURCES } from "./builtin-resources.ts";
import type { Call, UserInfo } from "./call.ts";
import { CrdController } from "./crd-controller.ts";
import { PathEndpoints } from "./path-endpoints.ts";
import { Registry } from "./registry.ts";
import { negotiate, represent } from "./representation.ts";
import { requestInfoOf } from "./request-info.ts";
import { routeToVerb } from "./routing.ts";
import { internalError, StatusFailure } from "./status.ts";
import { failureAnswer } from "./status-protobuf.ts";
import { Store } from "./store.ts";

export interface ApiServerOptions {
  readonly clock: Clock;
  /** All of the server's randomness: uids, generated names, addresses, tokens. */
  readonly prng: Prng;
  /** At least so many changes of each resource can be watched from; older versions are 410 Gone. */
  readonly historyLimit?: number;
}

const DEFAULT_HISTORY = 4_096;
const FIRST_NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];

/**
 * A Kubernetes API server in memory. As a Transport it is spoken to in-process by the cluster's administrator (unless
 * a request says otherwise); bodies are passed by reference and never changed.
 */
export class ApiServer implements Transport {
  readonly registry: Registry;
  readonly #backend: Backend;
  readonly #paths: PathEndpoints;

  constructor({ clock, prng, historyLimit = DEFAULT_HISTORY }: ApiServerOptions) {
    this.registry = new Registry(BUILTIN_RESOURCES);
    const store = new Store(historyLimit);
    const crds = new CrdController();
    this.#backend = {
      store,
      registry: this.registry,
      clock,
      prng,
      allocator: new ServiceAllocator(store.collection("services"), prng.fork()),
      strategies: new Strategies(),
      afterWrite: (definition, object, deleted) =>
        crds.afterWrite(this.#backend, definition, object, deleted),
    };
    this.#paths = new PathEndpoints(this.registry);
    for (const name of FIRST_NAMESPACES) this.#createNamespace(name);
  }

  /** Never rejects for what a client sent: failures are answers with a Status. */
  async send(request: ApiRequest): Promise<ApiResponse> {
    const warnings: string[] = [];
    try {
      return this.#answer(request, ADMINISTRATOR, warnings);
    } catch (error) {
      const failure =
        error instanceof StatusFailure ? error : internalError(`Internal error: ${String(error)}`);
      return failureAnswer(request, failure.status, [...warnings, ...failure.warnings]);
    }
  }

  #answer(request: ApiRequest, user: UserInfo, warnings: string[]): ApiResponse {
    const info = requestInfoOf(request);
    if (!info.isResource) return this.#paths.answer(request);
    const route = routeToVerb(this.registry, info, request);
    if (route.definition === undefined) return route.answer;
    const call: Call = { request, user, definition: route.definition, warnings, ...route.names };
    const representation = negotiate(request);
    const answer = route.handler(this.#backend, call);
    const nowMs = () => this.#backend.clock.now();
    return represent(answer, representation, { definition: route.definition, nowMs });
  }

  #createNamespace(name: string): void {
    this.#backend.store.insert("namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name,
        uid: newUid(this.#backend),
        creationTimestamp: nowText(this.#backend),
        labels: { "kubernetes.io/metadata.name": name },
      },
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
    });
  }
}

const ADMINISTRATOR: UserInfo = { name: "system:admin", groups: ["system:masters", "system:authenticated"] };
