import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { SystemClock } from "../lib/clock.ts";
import { UnreachableError } from "./api-error.ts";
import type { ClusterAccess } from "./http/cluster-access.ts";
import { HttpTransport } from "./http-transport.ts";
import type { ApiRequest, ApiResponse } from "./transport.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** Credentials that count how often they were thrown away: the token is `token-0`, then `token-1`. */
class FakeAccess implements ClusterAccess {
  readonly server: URL;
  readonly namespace = "default";
  invalidations = 0;

  constructor(server: string) {
    this.server = new URL(server);
  }

  async credentials() {
    return { headers: { authorization: `Bearer token-${this.invalidations}` }, tls: {} };
  }

  invalidate(): void {
    this.invalidations += 1;
  }
}

async function setUp(
  answer: Answer,
  options: { readonly maxBodyBytes?: number; readonly prefix?: string } = {},
) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => answer(request, response, body));
  });
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const access = new FakeAccess(`http://127.0.0.1:${port}${options.prefix ?? ""}`);
  const transport = new HttpTransport({
    access,
    clock: new SystemClock(),
    userAgent: "sluice/test",
    ...options,
  });
  cleanUps.push(() => {
    transport.close();
    server.close();
    server.closeAllConnections();
  });
  return { transport, access, sockets, server };
}

function aRequest(rest: Partial<ApiRequest> = {}): ApiRequest {
  return { method: "GET", path: "/api/v1/pods", query: new URLSearchParams(), headers: {}, ...rest };
}

const WATCH = { query: new URLSearchParams({ watch: "true" }) };

function eventsOf(response: ApiResponse): AsyncIterator<unknown> {
  if (response.body.kind !== "stream") throw new Error(`a ${response.body.kind} is no stream`);
  return response.body.events[Symbol.asyncIterator]();
}

describe("HttpTransport", () => {
  it("sends path, query, headers, credentials and body, and reads JSON", async () => {
    const { transport } = await setUp(
      (request, response, body) => {
        const { method, url, headers } = request;
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ method, url, headers, body }));
      },
      { prefix: "/k8s/clusters/c-1/" },
    );
    const response = await transport.send(
      aRequest({
        method: "PATCH",
        query: new URLSearchParams({ labelSelector: "a=b,c" }),
        headers: { "content-type": "application/merge-patch+json" },
        body: { spec: { text: "ä" } },
      }),
    );
    expect(response.body).toMatchObject({
      kind: "json",
      value: {
        method: "PATCH",
        url: "/k8s/clusters/c-1/api/v1/pods?labelSelector=a%3Db%2Cc",
        headers: {
          "user-agent": "sluice/test",
          authorization: "Bearer token-0",
          "content-type": "application/merge-patch+json",
          "content-length": "22",
        },
        body: '{"spec":{"text":"ä"}}',
      },
    });
  });

  it("unpacks gzip, and passes on warnings and headers", async () => {
    const { transport } = await setUp((_, response) => {
      response.setHeader("content-type", "application/json");
      response.setHeader("content-encoding", "gzip");
      response.setHeader("warning", ['299 - "v1 is \\"old\\""', '299 - "two, commas"']);
      response.setHeader("retry-after", "7");
      response.statusCode = 429;
      response.end(gzipSync('{"kind":"Status"}'));
    });
    const response = await transport.send(aRequest());
    expect(response).toMatchObject({
      status: 429,
      warnings: ['v1 is "old"', "two, commas"],
      headers: { "retry-after": "7" },
      body: { kind: "json", value: { kind: "Status" } },
    });
  });

  it("gives other media types as text or bytes, and broken JSON as text", async () => {
    const { transport } = await setUp((request, response) => {
      response.setHeader("content-type", request.url?.slice(1) ?? "");
      response.end("{half");
    });
    const bodyOf = async (path: string) => (await transport.send(aRequest({ path }))).body;
    expect(await bodyOf("/text/plain")).toEqual({ kind: "text", text: "{half" });
    expect(await bodyOf("/application/json")).toEqual({ kind: "text", text: "{half" });
    expect(await bodyOf("/application/octet-stream")).toMatchObject({ kind: "bytes" });
  });

  it("keeps its connection between requests", async () => {
    const { transport, sockets } = await setUp((_, response) => response.end("{}"));
    for (let i = 0; i < 5; i++) await transport.send(aRequest());
    expect(sockets.size).toBe(1);
  });

  it("closes idle connections after a failure, since they may be dead too", async () => {
    const { transport, sockets } = await setUp((request, response) => {
      if (request.url === "/hang") return;
      setTimeout(() => response.end("{}"), 20);
    });
    await Promise.all(["/a", "/b"].map((path) => transport.send(aRequest({ path }))));
    expect(sockets.size).toBe(2);
    const timeout = AbortSignal.timeout(20);
    await expect(transport.send(aRequest({ path: "/hang", signal: timeout }))).rejects.toThrow();
    await transport.send(aRequest());
    expect(sockets.size).toBe(3);
  });

  it("asks for fresh credentials once when the server answers 401", async () => {
    const seen: unknown[] = [];
    const { transport, access } = await setUp((request, response) => {
      seen.push(request.headers.authorization);
      response.statusCode = request.headers.authorization === "Bearer token-1" ? 200 : 401;
      response.end("{}");
    });
    expect((await transport.send(aRequest())).status).toBe(200);
    expect(seen).toEqual(["Bearer token-0", "Bearer token-1"]);
    access.invalidations = 5;
    expect((await transport.send(aRequest())).status).toBe(401);
  });

  it("says which server cannot be reached and why, and never with what credentials", async () => {
    const { transport, server } = await setUp(() => {});
    server.close();
    const error = await transport.send(aRequest()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UnreachableError);
    expect((error as Error).message).toMatch(/^http:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED/);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("token-");
  });

  it("reports a connection that is cut in the middle of an answer", async () => {
    const { transport } = await setUp((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write("{");
      setImmediate(() => response.destroy());
    });
    await expect(transport.send(aRequest())).rejects.toThrow(UnreachableError);
  });

  it("refuses an answer beyond its bound", async () => {
    const { transport } = await setUp((_, response) => response.end("x".repeat(2_000)), {
      maxBodyBytes: 1_000,
    });
    await expect(transport.send(aRequest())).rejects.toThrow("longer than 1000 bytes");
  });

  it("gives up at once when the signal aborts, before and during the answer", async () => {
    const { transport } = await setUp(() => {});
    const aborted = AbortSignal.abort(new Error("enough"));
    await expect(transport.send(aRequest({ signal: aborted }))).rejects.toThrow("enough");
    const controller = new AbortController();
    const pending = transport.send(aRequest({ signal: controller.signal }));
    setImmediate(() => controller.abort(new Error("enough")));
    await expect(pending).rejects.toThrow("enough");
  });
});

describe("HttpTransport, watching", () => {
  it("yields events as they come, and ends with the server", async () => {
    let serverSide: ServerResponse | undefined;
    const { transport } = await setUp((_, response) => {
      serverSide = response;
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"n":1}\n{"n":');
    });
    const events = eventsOf(await transport.send(aRequest(WATCH)));
    expect(await events.next()).toEqual({ done: false, value: { n: 1 } });
    serverSide?.write("2}\n");
    expect(await events.next()).toEqual({ done: false, value: { n: 2 } });
    serverSide?.end();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it("closes the connection when the reader stops", async () => {
    let isClosed: Promise<unknown> = Promise.resolve();
    const { transport } = await setUp((request, response) => {
      isClosed = new Promise((resolve) => request.socket.once("close", resolve));
      response.writeHead(200, { "content-type": "application/json" });
      response.write("{}\n");
    });
    const events = eventsOf(await transport.send(aRequest(WATCH)));
    await events.next();
    await events.return?.();
    await isClosed;
  });

  it("closes the connection when the signal aborts while nothing comes", async () => {
    let isClosed: Promise<unknown> = Promise.resolve();
    const { transport } = await setUp((request, response) => {
      isClosed = new Promise((resolve) => request.socket.once("close", resolve));
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
    });
    const controller = new AbortController();
    const events = eventsOf(await transport.send(aRequest({ ...WATCH, signal: controller.signal })));
    const next = events.next();
    controller.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    await isClosed;
  });

  it("reports a connection that breaks", async () => {
    const { transport } = await setUp((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write("{}\n");
      setImmediate(() => response.destroy());
    });
    const events = eventsOf(await transport.send(aRequest(WATCH)));
    await events.next();
    await expect(events.next()).rejects.toThrow(UnreachableError);
  });

  it("does not hold up requests, however many watches are open", async () => {
    const { transport } = await setUp((request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      if (request.url?.includes("watch=")) response.flushHeaders();
      else response.end("{}");
    });
    await Promise.all(Array.from({ length: 70 }, () => transport.send(aRequest(WATCH))));
    expect((await transport.send(aRequest())).status).toBe(200);
  });

  it("reads the answer of a watch that was refused", async () => {
    const { transport } = await setUp((_, response) => {
      response.writeHead(403, { "content-type": "application/json" });
      response.end('{"kind":"Status","code":403}');
    });
    const response = await transport.send(aRequest(WATCH));
    expect(response.body).toEqual({ kind: "json", value: { kind: "Status", code: 403 } });
  });
});
