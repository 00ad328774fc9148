import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { ApiBody, ApiRequest, ApiResponse, Transport } from "../../kube/transport.ts";
import type { Clock } from "../../lib/clock.ts";
import { toError } from "../../lib/errors.ts";
import { StatusFailure } from "./status.ts";
import type { TlsIdentity } from "./tls-identity.ts";
import { MAX_BODY_BYTES, type RequestBody, readBody } from "./wire/request-body.ts";
import { streamEvents, writeAnswer } from "./wire/response-body.ts";

export interface ListenOptions {
  /** Answers the requests: the API server itself. */
  readonly transport: Transport;
  readonly clock: Clock;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Absent: plain HTTP. */
  readonly tls?: TlsIdentity | undefined;
  /** Watches that may be open at once; further ones are answered with 429. */
  readonly maxWatches?: number | undefined;
  /** Told about failures that no client is to blame for. */
  readonly onError?: ((error: Error) => void) | undefined;
}

export interface Listener {
  /** For example `https://127.0.0.1:6443`. */
  readonly url: string;
  /** Open watches. */
  readonly watches: number;
  /** Ends the watches, lets other requests finish (for at most five seconds) and frees the port. */
  close(): Promise<void>;
}

const MAX_WATCHES = 2_000;
const MAX_CONNECTIONS = 4_000;
const MAX_HEADER_BYTES = 64 * 1024;
/** The whole request, body included, has to arrive within this time. */
const REQUEST_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 20_000;
/** client-go drops idle connections after 90 s; closing first would race with its next request. */
const KEEP_ALIVE_MS = 95_000;
const TCP_PROBE_MS = 30_000;
const CLOSE_GRACE_MS = 5_000;

const METHODS: ReadonlySet<string> = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);

/** Serves a transport over HTTP/1.1, with TLS where an identity is given. Rejects when the port cannot be had. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const exchange = new Exchange(options);
  const server = createServer(options, (request, response) => {
    exchange.handle(request, response).catch((thrown: unknown) => {
      options.onError?.(toError(thrown));
      response.destroy();
    });
  });
  // A connection whose watch was ended by the shutdown is idle only now.
  server.on("request", (_, response) =>
    response.on("close", () => exchange.closing && server.closeIdleConnections()),
  );
  server.on("connection", (socket: Socket) => socket.setKeepAlive(true, TCP_PROBE_MS));
  server.on("clientError", refuseMalformed);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.host, port: options.port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  server.on("error", (error) => options.onError?.(error));
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `${options.tls === undefined ? "http" : "https"}://${host}:${port}`,
    get watches() {
      return exchange.watches;
    },
    close: () => closeServer(server, exchange, options.clock),
  };
}

function createServer(
  options: ListenOptions,
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const server =
    options.tls === undefined
      ? createHttpServer(limits, handler)
      : createHttpsServer({ ...limits, cert: options.tls.certificate, key: options.tls.key }, handler);
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

async function closeServer(server: Server, exchange: Exchange, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  exchange.endWatches();
  server.closeIdleConnections();
  const grace = clock.setTimer(CLOSE_GRACE_MS, () => server.closeAllConnections());
  await closed;
  grace.cancel();
}

/** Bytes that are no HTTP, or headers beyond the limit: one plain answer, and the connection ends. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** One request and its answer after another, and the watches among them. */
class Exchange {
  readonly #options: ListenOptions;
  readonly #watches = new Set<AbortController>();
  #closing = false;

  constructor(options: ListenOptions) {
    this.#options = options;
  }

  get watches(): number {
    return this.#watches.size;
  }

  get closing(): boolean {
    return this.#closing;
  }

  endWatches(): void {
    this.#closing = true;
    for (const watch of this.#watches) watch.abort(new Error("the server is shutting down"));
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on("close", () => gone.abort(new Error("the client went away")));
    // Without a listener an error of a connection that was reset would end the process.
    response.on("error", () => gone.abort(new Error("the connection failed")));
    if (this.#closing) response.setHeader("connection", "close");
    const answer = await this.#answer(request, gone.signal);
    if (answer === undefined || response.destroyed) {
      await end(answer?.body);
      return;
    }
    if (answer.body.kind === "stream") await this.#watch(answer, answer.body.events, response, gone);
    else await writeAnswer(request, response, answer);
  }

  /** undefined: the client went away while it was sending. */
  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<ApiResponse | undefined> {
    try {
      const call = await toApiRequest(request, signal);
      return "status" in call ? call : await this.#options.transport.send(call);
    } catch (thrown) {
      if (signal.aborted || isReset(thrown)) return undefined;
      this.#options.onError?.(toError(thrown));
      return failure(500, "InternalError", `Internal error occurred: ${toError(thrown).message}`);
    }
  }

  async #watch(
    answer: ApiResponse,
    events: AsyncIterable<unknown>,
    response: ServerResponse,
    gone: AbortController,
  ): Promise<void> {
    if (this.#closing || this.#watches.size >= (this.#options.maxWatches ?? MAX_WATCHES)) {
      await end(answer.body);
      await writeAnswer(response.req, response, tooManyWatches());
      return;
    }
    this.#watches.add(gone);
    try {
      await streamEvents(response, { answer, events, signal: gone.signal, clock: this.#options.clock });
    } finally {
      this.#watches.delete(gone);
    }
  }
}

/** The request below the wire, or the answer to one that goes no further. */
async function toApiRequest(
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<ApiRequest | ApiResponse> {
  const method = request.method ?? "GET";
  if (!METHODS.has(method)) return failure(405, "MethodNotAllowed", `${method} is not supported`);
  const target = URL.parse(request.url ?? "/", "http://server");
  if (target === null) return failure(400, "BadRequest", "the request target is not a valid path");
  const read = await readBody(request);
  if (read.kind === "too-large") return tooLarge();
  if (read.kind === "too-deep") return failure(400, "BadRequest", "json: exceeded max depth");
  return {
    method: method as ApiRequest["method"],
    path: target.pathname,
    query: target.searchParams,
    headers: { ...headersOf(request), ...(read.kind === "object" ? JSON_TYPE : {}) },
    body: bodyOf(read),
    signal,
  };
}

/** The client went away while it was sending. */
function isReset(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ECONNRESET";
}

/** Of a body that was protobuf on the wire. */
const JSON_TYPE = { "content-type": "application/json" };

function bodyOf(read: RequestBody): unknown {
  if (read.kind === "object") return read.object;
  return read.kind === "text" ? read.text : undefined;
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

async function end(body: ApiBody | undefined): Promise<void> {
  if (body?.kind === "stream") await body.events[Symbol.asyncIterator]().return?.();
}

function tooLarge(): ApiResponse {
  const message = `Request entity too large: limit is ${MAX_BODY_BYTES}`;
  return { ...failure(413, "RequestEntityTooLarge", message), headers: { connection: "close" } };
}

function tooManyWatches(): ApiResponse {
  const answer = failure(429, "TooManyRequests", "too many watches, please try again later", {
    retryAfterSeconds: 1,
  });
  return { ...answer, headers: { "retry-after": "1" } };
}

/** A Status as an answer. */
function failure(
  code: number,
  reason: string,
  message: string,
  details?: { readonly retryAfterSeconds: number },
): ApiResponse {
  const { status } = new StatusFailure({
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });
  return {
    status: code,
    contentType: "application/json",
    warnings: [],
    body: { kind: "json", value: status },
  };
}
