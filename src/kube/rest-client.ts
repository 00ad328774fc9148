import { assert } from "../lib/assert.ts";
import { type Clock, deadline } from "../lib/clock.ts";
import { abortable, abortableEvents } from "./abortable.ts";
import { ApiError, UnreachableError } from "./api-error.ts";
import type {
  ApplyOptions,
  CallOptions,
  Client,
  DeleteOptions,
  Deletion,
  ListOptions,
  ObjectList,
  Patch,
  SubresourceOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./client.ts";
import { type KubeObject, keyOf, keyText, type ObjectKey } from "./object.ts";
import { type Resource, resourceText } from "./resource.ts";
import { collectionPath, objectPath, queryOf } from "./rest-path.ts";
import { errorOfResponse, jsonOf, toDeletion, toList, toObject, toWatchEvent } from "./rest-response.ts";
import type { ApiRequest, ApiResponse, Transport } from "./transport.ts";

const JSON_HEADERS = { accept: "application/json" };

const PATCH_TYPES: Readonly<Record<Patch["type"], string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
};

export interface RestClientOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Field manager of writes that name none. */
  readonly fieldManager: string;
  /** How long an answer may take; of a watch, its beginning. Default 15 s. */
  readonly timeoutMs?: number;
  /** Hears the Warning headers of the server: deprecated versions, unknown fields. */
  readonly onWarning?: ((text: string, doing: string) => void) | undefined;
  /** Hears of every request, for metrics. Called synchronously; must not throw. */
  readonly onCall?: ((call: CallRecord) => void) | undefined;
}

export type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "apply" | "delete";

/** One request and what came of it; of a watch, its beginning. */
export interface CallRecord {
  readonly verb: Verb;
  /** `deployments.apps`, `rollouts.sluice.dev/status`. */
  readonly resource: string;
  /** HTTP status; or why there is none: "timeout", "unreachable", "cancelled" by the caller. */
  readonly code: string;
  readonly tookMs: number;
}

/** What a request is made of, apart from the signal. `doing` begins the message of every error. */
interface Call {
  readonly doing: string;
  readonly verb: Verb;
  /** As in CallRecord. */
  readonly of: string;
  readonly method: ApiRequest["method"];
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** The Client of an API server behind a Transport: paths, media types, timeouts and errors. */
export class RestClient implements Client {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #fieldManager: string;
  readonly #timeoutMs: number;
  readonly #onWarning: (text: string, doing: string) => void;
  readonly #onCall: (call: CallRecord) => void;

  constructor(options: RestClientOptions) {
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#fieldManager = options.fieldManager;
    this.#timeoutMs = options.timeoutMs ?? 15_000;
    this.#onWarning = options.onWarning ?? (() => {});
    this.#onCall = options.onCall ?? (() => {});
  }

  async get<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: CallOptions = {},
  ): Promise<T> {
    const doing = `getting ${nameOf(resource, key)}`;
    const path = objectPath(resource, key);
    const answer = await this.#call({
      doing,
      verb: "get",
      of: resourceText(resource),
      method: "GET",
      path,
      query: queryOf({}),
      signal: options.signal,
    });
    return toObject<T>(answer, doing);
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { namespace, signal, ...parameters } = options;
    const doing = `listing ${resourceText(resource)}${namespace === undefined ? "" : ` in ${namespace}`}`;
    const path = collectionPath(resource, namespace);
    const query = queryOf(parameters);
    const of = resourceText(resource);
    const answer = await this.#call({ doing, verb: "list", of, method: "GET", path, query, signal });
    return toList<T>(answer, resource, doing);
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const { namespace, signal, allowBookmarks, ...parameters } = options;
    if (signal?.aborted) return;
    const doing = `watching ${resourceText(resource)}${namespace === undefined ? "" : ` in ${namespace}`}`;
    const query = queryOf({ watch: true, allowWatchBookmarks: allowBookmarks, ...parameters });
    const path = collectionPath(resource, namespace);
    let response: ApiResponse;
    try {
      const of = resourceText(resource);
      response = await this.#send({ doing, verb: "watch", of, method: "GET", path, query, signal });
    } catch (error) {
      if (signal?.aborted) return;
      throw error;
    }
    if (response.body.kind !== "stream") throw errorOfResponse(response, doing);
    try {
      for await (const event of abortableEvents(response.body.events, signal)) {
        yield toWatchEvent<T>(event, doing);
      }
    } catch (error) {
      throw withDoing(error, doing);
    }
  }

  async create<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { namespace } = object.metadata;
    assert(!resource.namespaced || namespace !== undefined, `a namespace is needed for ${resource.plural}`);
    const name = object.metadata.name || `${object.metadata.generateName ?? ""}*`;
    return this.#write<T>({
      doing: `creating ${nameOf(resource, { namespace, name })}`,
      verb: "create",
      of: resourceText(resource),
      method: "POST",
      path: collectionPath(resource, namespace),
      query: this.#writeQuery(options),
      contentType: "application/json",
      body: object,
      signal: options.signal,
    });
  }

  async update<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: SubresourceOptions = {},
  ): Promise<T> {
    const key = keyOf(object);
    return this.#write<T>({
      doing: `updating ${nameOf(resource, key, options.subresource)}`,
      verb: "update",
      of: partOf(resource, options),
      method: "PUT",
      path: objectPath(resource, key, options.subresource),
      query: this.#writeQuery(options),
      contentType: "application/json",
      body: object,
      signal: options.signal,
    });
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options: SubresourceOptions = {},
  ): Promise<T> {
    return this.#write<T>({
      doing: `patching ${nameOf(resource, key, options.subresource)}`,
      verb: "patch",
      of: partOf(resource, options),
      method: "PATCH",
      path: objectPath(resource, key, options.subresource),
      query: this.#writeQuery(options),
      contentType: PATCH_TYPES[patch.type],
      body: patch.type === "json" ? patch.operations : patch.body,
      signal: options.signal,
    });
  }

  async apply<T extends KubeObject>(
    resource: Resource<T>,
    object: KubeObject,
    options: ApplyOptions & SubresourceOptions = {},
  ): Promise<T> {
    const key = keyOf(object);
    const query = this.#writeQuery(options);
    if (options.force === true) query.set("force", "true");
    return this.#write<T>({
      doing: `applying ${nameOf(resource, key, options.subresource)}`,
      verb: "apply",
      of: partOf(resource, options),
      method: "PATCH",
      path: objectPath(resource, key, options.subresource),
      query,
      // JSON is YAML.
      contentType: "application/apply-patch+yaml",
      body: object,
      signal: options.signal,
    });
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<Deletion<T>> {
    const { signal, propagation, ...rest } = options;
    const doing = `deleting ${nameOf(resource, key)}`;
    const answer = await this.#call({
      doing,
      verb: "delete",
      of: resourceText(resource),
      method: "DELETE",
      path: objectPath(resource, key),
      query: queryOf({}),
      contentType: "application/json",
      body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: propagation, ...rest },
      signal,
    });
    return toDeletion<T>(answer, doing);
  }

  #writeQuery(options: WriteOptions): URLSearchParams {
    return queryOf({
      fieldManager: options.fieldManager ?? this.#fieldManager,
      dryRun: options.dryRun === true ? "All" : undefined,
    });
  }

  async #write<T extends KubeObject>(call: Call): Promise<T> {
    return toObject<T>(await this.#call(call), call.doing);
  }

  /** The JSON value of a successful answer. */
  async #call(call: Call): Promise<unknown> {
    return jsonOf(await this.#send(call), call.doing);
  }

  /**
   * Rejects with UnreachableError after the timeout even when the transport ignores its signal: a caller must never
   * hang on a connection.
   */
  async #send(call: Call): Promise<ApiResponse> {
    const { doing, verb, method, path, query, contentType, body, signal } = call;
    const startedAt = this.#clock.now();
    const tell = (code: string) =>
      this.#onCall({ verb, resource: call.of, code, tookMs: this.#clock.now() - startedAt });
    const limit = deadline(this.#clock, this.#timeoutMs, {
      parent: signal,
      reason: () => new UnreachableError(`${doing}: no answer within ${this.#timeoutMs} ms`),
    });
    try {
      const headers =
        contentType === undefined ? JSON_HEADERS : { ...JSON_HEADERS, "content-type": contentType };
      // The limit ends with the answer; the stream of a watch goes on, and its connection must hear the caller's abort.
      const wire =
        verb === "watch" && signal !== undefined ? AbortSignal.any([signal, limit.signal]) : limit.signal;
      const request = { method, path, query, headers, body, signal: wire };
      const response = await abortable(this.#transport.send(request), limit.signal);
      tell(String(response.status));
      for (const warning of response.warnings) this.#onWarning(warning, doing);
      if (response.status >= 400) throw errorOfResponse(response, doing);
      return response;
    } catch (error) {
      if (!(error instanceof ApiError)) tell(codeWithoutAnswer(error, limit.signal, signal));
      throw error === limit.signal.reason ? error : withDoing(error, doing);
    } finally {
      limit.release();
    }
  }
}

function codeWithoutAnswer(error: unknown, limit: AbortSignal, asked: AbortSignal | undefined): string {
  if (asked?.aborted === true) return "cancelled";
  return error === limit.reason ? "timeout" : "unreachable";
}

/** A transport knows where it failed, not what for. */
function withDoing(error: unknown, doing: string): unknown {
  if (!(error instanceof UnreachableError) || error.message.startsWith(doing)) return error;
  return new UnreachableError(`${doing}: ${error.message}`, { cause: error, retry: error.retry });
}

function partOf(resource: Resource, { subresource }: SubresourceOptions): string {
  const name = resourceText(resource);
  return subresource === undefined ? name : `${name}/${subresource}`;
}

/** `deployments.apps shop/checkout`, `status of rollouts.sluice.dev shop/checkout`. */
function nameOf(resource: Resource, key: ObjectKey, subresource?: string): string {
  const name = `${resourceText(resource)} ${keyText(key)}`;
  return subresource === undefined ? name : `${subresource} of ${name}`;
}
