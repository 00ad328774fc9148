import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ApiRequest, ApiResponse, Transport } from "../../kube/transport.ts";
import { SystemClock } from "../../lib/clock.ts";
import { type Listener, type ListenOptions, listen } from "./listen.ts";
import { createTlsIdentity, type TlsIdentity } from "./tls-identity.ts";

let tls: TlsIdentity;
let open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  tls = await createTlsIdentity({ nowMs: Date.now() });
});

afterEach(async () => {
  const closing = open;
  open = [];
  for (const resource of closing) await resource.close();
});

async function serve(
  send: (request: ApiRequest) => Promise<ApiResponse>,
  options: Partial<ListenOptions> = {},
): Promise<Listener> {
  const transport: Transport = { send };
  const listener = await listen({
    transport,
    clock: new SystemClock(),
    host: "127.0.0.1",
    port: 0,
    tls,
    ...options,
  });
  open.push(listener);
  return listener;
}

function json(value: unknown, more: Partial<ApiResponse> = {}): ApiResponse {
  return {
    status: 200,
    contentType: "application/json",
    warnings: [],
    body: { kind: "json", value },
    ...more,
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly stream: IncomingMessage;
}

function call(
  listener: Listener,
  path: string,
  options: RequestOptions & { body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      `${listener.url}${path}`,
      { ca: tls.caCertificate, ...options },
      (response) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, stream: response }),
    );
    request.on("error", reject);
    request.end(options.body);
  });
}

/** A stream under the test's control. */
function watch() {
  const queue: unknown[] = [];
  let wake = () => {};
  const state = { ended: false, returned: false };
  const events: AsyncIterable<unknown> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        while (queue.length === 0 && !state.ended) await new Promise<void>((resolve) => (wake = resolve));
        return queue.length > 0 ? { done: false, value: queue.shift() } : { done: true, value: undefined };
      },
      async return() {
        state.returned = true;
        return { done: true, value: undefined };
      },
    }),
  };
  return {
    events,
    state,
    push(event: unknown) {
      queue.push(event);
      wake();
    },
    end() {
      state.ended = true;
      wake();
    },
    answer(): ApiResponse {
      return json(undefined, { body: { kind: "stream", events } });
    },
  };
}

function nextChunk(stream: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    stream.once("data", (chunk: Buffer) => {
      stream.pause();
      resolve(chunk.toString());
    });
    stream.once("error", reject);
    stream.resume();
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe("a request", () => {
  it("reaches the server as path, query, headers and text, and its answer comes back with warnings", async () => {
    let seen: ApiRequest | undefined;
    const listener = await serve(async (request) => {
      seen = request;
      return json({ kind: "Pod" }, { status: 201, warnings: ['unknown field "spec.x"'] });
    });
    const answer = await call(listener, "/api/v1/namespaces/shop/pods?dryRun=All&fieldManager=a%20b", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer t" },
      body: '{"kind":"Pod"}',
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.warning).toBe('299 - "unknown field \\"spec.x\\""');
    expect(JSON.parse(await text(answer.stream))).toEqual({ kind: "Pod" });
    expect(seen?.path).toBe("/api/v1/namespaces/shop/pods");
    expect(seen?.query.get("fieldManager")).toBe("a b");
    expect(seen?.headers["authorization"]).toBe("Bearer t");
    expect(seen?.body).toBe('{"kind":"Pod"}');
  });

  it("is refused by a client that does not trust the generated authority", async () => {
    const listener = await serve(async () => json({}));
    const other = await createTlsIdentity({ nowMs: Date.now() });
    await expect(call(listener, "/", { ca: other.caCertificate })).rejects.toThrow(/certificate|signature/);
  });

  it("shares a connection with those before it", async () => {
    const listener = await serve(async () => json({}));
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: tls.caCertificate });
    const ports = new Set<number | undefined>();
    for (let count = 0; count < 3; count += 1) {
      const answer = await call(listener, "/", { agent });
      ports.add(answer.stream.socket.localPort);
      await text(answer.stream);
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });

  it("gets a large answer compressed where it accepts gzip, and plain otherwise", async () => {
    const value = { text: "x".repeat(200_000) };
    const listener = await serve(async () => json(value));
    const zipped = await call(listener, "/", { headers: { "accept-encoding": "gzip" } });
    expect(zipped.headers["content-encoding"]).toBe("gzip");
    const chunks: Buffer[] = [];
    for await (const chunk of zipped.stream) chunks.push(chunk as Buffer);
    expect(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString())).toEqual(value);
    const plain = await call(listener, "/", { headers: { "accept-encoding": "gzip;q=0" } });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    expect(JSON.parse(await text(plain.stream))).toEqual(value);
  });

  it("with a body beyond 3 MiB is answered with 413, announced or not", async () => {
    const listener = await serve(async () => json({}));
    const body = Buffer.alloc(3 * 1024 * 1024 + 1, "x");
    for (const headers of [{ "content-length": body.length }, { "transfer-encoding": "chunked" }]) {
      const answer = await call(listener, "/", { method: "POST", headers, body }).catch(
        (error: Error) => error,
      );
      if (answer instanceof Error) expect(answer.message).toMatch(/EPIPE|ECONNRESET|socket hang up/);
      else
        expect(JSON.parse(await text(answer.stream))).toMatchObject({
          reason: "RequestEntityTooLarge",
          code: 413,
        });
    }
    expect((await call(listener, "/")).status).toBe(200);
  });

  it("with brackets nested beyond reason is answered with 400", async () => {
    const listener = await serve(async () => json({}));
    const answer = await call(listener, "/", { method: "POST", body: "[".repeat(100_000) });
    expect(answer.status).toBe(400);
    const inText = await call(listener, "/", { method: "POST", body: JSON.stringify("[".repeat(100_000)) });
    expect(inText.status).toBe(200);
  });

  it("that is no HTTP ends its own connection only", async () => {
    const listener = await serve(async () => json({}));
    const { port, hostname } = new URL(listener.url);
    const socket = connect({ host: hostname, port: Number(port), ca: tls.caCertificate });
    socket.write("\u0000\u0001 nonsense\r\n\r\n");
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /);
    expect((await call(listener, "/")).status).toBe(200);
  });

  it("whose handling fails gets a Status of 500, and the failure is told", async () => {
    const errors: string[] = [];
    const listener = await serve(() => Promise.reject(new Error("a bug")), {
      onError: (error) => errors.push(error.message),
    });
    const answer = await call(listener, "/");
    expect(JSON.parse(await text(answer.stream))).toMatchObject({
      kind: "Status",
      reason: "InternalError",
      code: 500,
    });
    expect(errors).toEqual(["a bug"]);
  });

  it("by HEAD gets the headers without the body", async () => {
    const listener = await serve(async () => json({ kind: "Pod" }));
    const answer = await call(listener, "/", { method: "HEAD" });
    expect(answer.headers["content-length"]).toBe("14");
    expect(await text(answer.stream)).toBe("");
  });
});

describe("a watch", () => {
  it("delivers headers before the first event, and each event at once as a line", async () => {
    const source = watch();
    const listener = await serve(async () => source.answer());
    const answer = await call(listener, "/?watch=true");
    expect(answer.status).toBe(200);
    source.push({ type: "ADDED" });
    expect(await nextChunk(answer.stream)).toBe('{"type":"ADDED"}\n');
    source.push({ type: "MODIFIED" });
    expect(await nextChunk(answer.stream)).toBe('{"type":"MODIFIED"}\n');
    source.end();
    expect(await text(answer.stream)).toBe("");
  });

  it("is released when its client goes away", async () => {
    const source = watch();
    let signal: AbortSignal | undefined;
    const listener = await serve(async (request) => {
      signal = request.signal;
      return source.answer();
    });
    const answer = await call(listener, "/?watch=true");
    expect(listener.watches).toBe(1);
    answer.stream.destroy();
    await until(() => source.state.returned);
    expect(signal?.aborted).toBe(true);
    await until(() => listener.watches === 0);
  });

  it("beyond the limit is answered with 429 and when to come back", async () => {
    const sources = [watch(), watch()];
    let next = 0;
    const listener = await serve(async () => sources[next++]!.answer(), { maxWatches: 1 });
    await call(listener, "/?watch=true");
    const refused = await call(listener, "/?watch=true");
    expect(refused.status).toBe(429);
    expect(refused.headers["retry-after"]).toBe("1");
    expect(sources[1]?.state.returned).toBe(true);
  });

  it("ends, and ends well, when the server shuts down", async () => {
    const source = watch();
    const listener = await serve(async () => source.answer());
    const answer = await call(listener, "/?watch=true");
    source.push({ type: "ADDED" });
    await nextChunk(answer.stream);
    const rest = text(answer.stream);
    await listener.close();
    open = [];
    expect(await rest).toBe("");
    await expect(call(listener, "/", { agent: false })).rejects.toThrow(/ECONNREFUSED/);
  });
});
