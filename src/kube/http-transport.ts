import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { createGunzip } from "node:zlib";
import type { Clock } from "../lib/clock.ts";
import { toError } from "../lib/errors.ts";
import { UnreachableError } from "./api-error.ts";
import { AgentPool } from "./http/agent-pool.ts";
import type { ClusterAccess, Credentials } from "./http/cluster-access.ts";
import { jsonLines } from "./http/json-lines.ts";
import type { ApiBody, ApiRequest, ApiResponse, Transport } from "./transport.ts";

export interface HttpTransportOptions {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  /** Sent as User-Agent: shows in the server's audit log. */
  readonly userAgent: string;
  /** How long the connection itself may take. */
  readonly connectTimeoutMs?: number;
  /** The longest answer that is read, watches apart. */
  readonly maxBodyBytes?: number;
}

const CONNECT_TIMEOUT_MS = 5_000;
const MAX_BODY_BYTES = 256 * 1_024 * 1_024;

/** Requests over HTTP/1.1 with kept connections; watches have connections of their own, so that they hold up nobody. */
export class HttpTransport implements Transport {
  readonly #options: Required<HttpTransportOptions>;
  readonly #agents: AgentPool;

  constructor(options: HttpTransportOptions) {
    this.#options = { connectTimeoutMs: CONNECT_TIMEOUT_MS, maxBodyBytes: MAX_BODY_BYTES, ...options };
    this.#agents = new AgentPool(options.access.server.protocol === "https:");
  }

  /** Closes all connections; requests under way fail. */
  close(): void {
    this.#agents.close();
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    const response = await this.#attempt(request);
    if (response.statusCode !== 401) return this.#toResponse(request, response);
    // Tokens and certificates rotate: a refusal was not carried out, so it may be sent again with fresh ones.
    response.resume();
    this.#options.access.invalidate();
    return this.#toResponse(request, await this.#attempt(request));
  }

  async #attempt(request: ApiRequest): Promise<IncomingMessage> {
    const credentials = await this.#options.access.credentials();
    try {
      return await this.#exchange(request, credentials, isWatch(request));
    } catch (thrown) {
      // A timeout is often a whole network gone: the next request must not wait on another dead connection.
      this.#agents.dropIdle();
      request.signal?.throwIfAborted();
      const error = toError(thrown) as NodeJS.ErrnoException;
      if (isTlsFailure(error)) this.#options.access.invalidate();
      throw new UnreachableError(`${this.#options.access.server.origin}: ${error.message}`, { cause: error });
    }
  }

  #exchange(request: ApiRequest, credentials: Credentials, isStream: boolean): Promise<IncomingMessage> {
    const { access, clock, userAgent, connectTimeoutMs } = this.#options;
    const { protocol, hostname, port, pathname } = access.server;
    const query = request.query.size > 0 ? `?${request.query}` : "";
    const body = bodyText(request.body);
    const open = protocol === "https:" ? requestHttps : requestHttp;
    const wire = open({
      protocol,
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port,
      method: request.method,
      path: `${pathname.replace(/\/$/, "")}${request.path}${query}`,
      agent: this.#agents.agent(credentials.tls, isStream),
      headers: {
        "user-agent": userAgent,
        "accept-encoding": "gzip",
        ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
        ...request.headers,
        ...credentials.headers,
      },
    });
    return new Promise((resolve, reject) => {
      const { signal } = request;
      const abort = () => wire.destroy(toError(signal?.reason));
      const connect = clock.setTimer(connectTimeoutMs, () => {
        wire.destroy(new Error(`no connection within ${connectTimeoutMs} ms`));
      });
      const connected = () => connect.cancel();
      if (signal?.aborted === true) abort();
      signal?.addEventListener("abort", abort, { once: true });
      wire.once("socket", (socket) => {
        if (!socket.connecting) connected();
        else socket.once(protocol === "https:" ? "secureConnect" : "connect", connected);
      });
      wire.once("response", resolve);
      // Stays for the whole life: an error without a listener would end the process.
      wire.on("error", reject);
      wire.once("close", () => {
        connected();
        signal?.removeEventListener("abort", abort);
      });
      wire.end(body);
    });
  }

  async #toResponse(request: ApiRequest, response: IncomingMessage): Promise<ApiResponse> {
    const status = response.statusCode ?? 0;
    const contentType = response.headers["content-type"] ?? "";
    return {
      status,
      contentType,
      warnings: warningsOf(response),
      headers: flatHeaders(response),
      body: await this.#body(request, response, contentType),
    };
  }

  async #body(request: ApiRequest, response: IncomingMessage, contentType: string): Promise<ApiBody> {
    const isOk = response.statusCode !== undefined && response.statusCode < 300;
    if (isWatch(request) && isOk) return { kind: "stream", events: this.#events(request, response) };
    const bytes = await this.#read(request, response);
    if (/\bjson\b/.test(contentType)) return toJson(bytes);
    if (contentType.startsWith("text/") || contentType === "")
      return { kind: "text", text: bytes.toString() };
    return { kind: "bytes", bytes };
  }

  async #read(request: ApiRequest, response: IncomingMessage): Promise<Buffer> {
    const { maxBodyBytes } = this.#options;
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of plain(response)) {
        size += chunk.length;
        if (size > maxBodyBytes) throw new Error(`the answer is longer than ${maxBodyBytes} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#cut(request, error);
    }
    return Buffer.concat(chunks);
  }

  async *#events(request: ApiRequest, response: IncomingMessage): AsyncGenerator<unknown> {
    try {
      yield* jsonLines(plain(response));
    } catch (error) {
      throw this.#cut(request, error);
    } finally {
      response.destroy();
    }
  }

  #cut(request: ApiRequest, thrown: unknown): Error {
    if (request.signal?.aborted === true) return toError(request.signal.reason);
    const error = toError(thrown);
    return new UnreachableError(`${this.#options.access.server.origin}: ${error.message}`, { cause: error });
  }
}

function isWatch(request: ApiRequest): boolean {
  const watch = request.query.get("watch");
  return request.method === "GET" && watch !== null && watch !== "false" && watch !== "0";
}

function bodyText(body: unknown): string | undefined {
  return body === undefined || typeof body === "string" ? body : JSON.stringify(body);
}

/** The bytes of an answer, unpacked. */
function plain(response: IncomingMessage): AsyncIterable<Buffer> {
  if (response.headers["content-encoding"] !== "gzip") return response;
  const gunzip = createGunzip();
  response.on("error", (error) => gunzip.destroy(error));
  return response.pipe(gunzip);
}

function toJson(bytes: Buffer): ApiBody {
  const text = bytes.toString();
  try {
    return { kind: "json", value: JSON.parse(text) };
  } catch {
    return { kind: "text", text };
  }
}

function flatHeaders(response: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(response.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
  );
  return Object.fromEntries(entries);
}

/** `299 - "text"` each; quotes and backslashes in the text are escaped. */
function warningsOf(response: IncomingMessage): readonly string[] {
  const values = response.headersDistinct["warning"] ?? [];
  return values.flatMap((value) => {
    const text = /^299 \S+ "((?:[^"\\]|\\.)*)"/.exec(value)?.[1];
    return text === undefined ? [] : [text.replace(/\\(.)/g, "$1")];
  });
}

/** The server's certificate is not the one that our kubeconfig vouches for: the file may have a newer authority. */
function isTlsFailure(error: NodeJS.ErrnoException): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME|^ERR_TLS|^ERR_SSL|^EPROTO/.test(error.code ?? "");
}
