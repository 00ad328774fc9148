import type { AnyObject } from "../../kube/object.ts";
import type { ApiRequest, ApiResponse, Transport } from "../../kube/transport.ts";
import type { Clock } from "../../lib/clock.ts";
import { toError } from "../../lib/errors.ts";
import type { Prng } from "../../lib/prng.ts";
import { FieldSetCodec } from "./apply/field-set.ts";
import { TypeViews } from "./apply/type-view.ts";
import { ADMINISTRATOR, Authenticator } from "./auth/authenticator.ts";
import { Authorizer } from "./auth/authorizer.ts";
import { impersonationOf } from "./auth/impersonation.ts";
import { type Backend, Strategies } from "./backend.ts";
import { firstObjects } from "./bootstrap.ts";
import { BUILTIN_RESOURCES } from "./builtin-resources.ts";
import { CrdController } from "./custom/crd-controller.ts";
import { asObject, type Draft } from "./json-object.ts";
import { PathEndpoints } from "./path-endpoints.ts";
import { Registry } from "./registry.ts";
import { negotiate, represent } from "./representation.ts";
import { type RequestInfo, requestInfoOf } from "./request-info.ts";
import { routeToVerb } from "./routing.ts";
import { badRequest, internalError, StatusFailure } from "./status.ts";
import { ServiceAllocator } from "./store/allocator.ts";
import { EventExpiry } from "./store/event-expiry.ts";
import { Store } from "./store/store.ts";
import { DecodeFailure } from "./typed-scalar.ts";
import type { Call, UserInfo } from "./verbs/call.ts";
import { failureAnswer } from "./wire/failure-answer.ts";

export interface ApiServerOptions {
  readonly clock: Clock;
  /** All of the server's randomness: uids, generated names, addresses, tokens. */
  readonly prng: Prng;
  /** At least so many changes of each resource can be watched from; older versions are 410 Gone. */
  readonly historyLimit?: number;
  /** Bearer token of the administrator. The default is known to everybody: set it where strangers can connect. */
  readonly adminToken?: string;
  /** Changes new pods as a mutating admission webhook would. */
  readonly admitPod?: (draft: Draft, namespaceLabels: Readonly<Record<string, string>>) => void;
  /** Told about errors of our own, which are answered with 500. */
  readonly onError?: (error: Error) => void;
}

const DEFAULT_HISTORY = 4_096;

/**
 * A Kubernetes API server in memory. As a Transport it is spoken to in-process by the cluster's administrator (unless
 * a request brings a token); bodies are passed by reference and never changed. It never rejects for what a client
 * sent: failures are answers with a Status.
 */
export class ApiServer implements Transport {
  readonly registry: Registry;
  /** For requests from outside: who brings no token is anonymous. */
  readonly network: Transport = { send: (request) => this.#serve(request, false) };
  readonly #backend: Backend;
  readonly #paths: PathEndpoints;
  readonly #onError: (error: Error) => void;

  constructor(options: ApiServerOptions) {
    const { clock, prng, historyLimit = DEFAULT_HISTORY, adminToken = "admin" } = options;
    this.#onError = options.onError ?? (() => undefined);
    this.registry = new Registry(BUILTIN_RESOURCES);
    const store = new Store(historyLimit);
    const serviceAccounts = store.collection("serviceaccounts");
    const crds = new CrdController();
    const events = new EventExpiry(clock);
    this.#backend = {
      store,
      registry: this.registry,
      clock,
      prng,
      allocator: new ServiceAllocator(store.collection("services"), prng.fork()),
      strategies: new Strategies(),
      views: new TypeViews(),
      fieldSets: new FieldSetCodec(),
      authenticator: new Authenticator({ clock, prng: prng.fork(), adminToken, serviceAccounts }),
      authorizer: new Authorizer(store),
      admit: (definition, draft) => {
        if (definition.storage === "pods") options.admitPod?.(draft, namespaceLabels(store, draft));
      },
      afterWrite: (definition, object, deleted) => {
        crds.afterWrite(this.#backend, definition, object, deleted);
        events.afterWrite(store, definition, object);
      },
    };
    this.#paths = new PathEndpoints(this.registry);
    for (const [storage, object] of firstObjects(this.#backend)) store.insert(storage, object as AnyObject);
  }

  send(request: ApiRequest): Promise<ApiResponse> {
    return this.#serve(request, true);
  }

  async #serve(request: ApiRequest, isTrusted: boolean): Promise<ApiResponse> {
    const warnings: string[] = [];
    try {
      return this.#answer(request, isTrusted, warnings);
    } catch (thrown) {
      const failure = this.#failureOf(thrown);
      return failureAnswer(request, failure.status, [...new Set([...warnings, ...failure.warnings])]);
    }
  }

  /** What the client is told of an error; one that is not the client's is told to `onError`, too. */
  #failureOf(thrown: unknown): StatusFailure {
    if (thrown instanceof StatusFailure) return thrown;
    if (thrown instanceof DecodeFailure) return badRequest(thrown.message);
    const error = toError(thrown);
    this.#onError(error);
    return internalError(`Internal error occurred: ${error.message}`);
  }

  #answer(request: ApiRequest, isTrusted: boolean, warnings: string[]): ApiResponse {
    const info = requestInfoOf(request);
    const user = this.#userOf(request, isTrusted);
    this.#authorize(user, info);
    if (!info.isResource) return this.#paths.answer(request);
    const route = routeToVerb(this.registry, info, request);
    if (route.definition === undefined) return route.answer;
    const { definition } = route;
    const representation = negotiate(request);
    const call: Call = { request, user, definition, warnings, ...route.names };
    const deprecation = DEPRECATED[definition.storage];
    if (deprecation !== undefined) warnings.push(deprecation);
    const answer = route.handler(this.#backend, call);
    return represent(answer, representation, { definition, nowMs: () => this.#backend.clock.now() });
  }

  #userOf(request: ApiRequest, isTrusted: boolean): UserInfo {
    const { authenticator, authorizer } = this.#backend;
    const hasToken = request.headers["authorization"] !== undefined;
    const user = isTrusted && !hasToken ? ADMINISTRATOR : authenticator.authenticate(request);
    const impersonation = impersonationOf(request);
    for (const attributes of impersonation?.needs ?? []) authorizer.check(user, attributes);
    return impersonation?.user ?? user;
  }

  #authorize(user: UserInfo, info: RequestInfo): void {
    const { authorizer } = this.#backend;
    if (info.isResource) authorizer.check(user, info);
    else authorizer.checkPath(user, info);
  }
}

/** Of the namespace that a new object is in, which is there. */
function namespaceLabels(store: Store, draft: Draft): Readonly<Record<string, string>> {
  const { namespace } = asObject(draft["metadata"]);
  return store.collection("namespaces").get("", String(namespace))?.metadata.labels ?? {};
}

/** Warnings of resources that are still served, but have a successor. */
const DEPRECATED: Readonly<Record<string, string>> = {
  endpoints: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
};
