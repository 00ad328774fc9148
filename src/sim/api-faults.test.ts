import { describe, expect, it } from "vitest";
import { UnreachableError } from "../kube/api-error.ts";
import type { ApiRequest, ApiResponse, Transport } from "../kube/transport.ts";
import { Prng } from "../lib/prng.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { ApiFaults } from "./api-faults.ts";

const REQUEST: ApiRequest = {
  method: "GET",
  path: "/api/v1/pods",
  query: new URLSearchParams(),
  headers: {},
};

/** A server with one endless watch, which tells when it is closed. */
class Server implements Transport {
  requests = 0;
  isClosed = false;

  async send(request: ApiRequest): Promise<ApiResponse> {
    this.requests += 1;
    const isWatch = request.query.has("watch");
    const close = () => {
      this.isClosed = true;
    };
    const events = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<unknown>>(() => {}),
        return: async () => {
          close();
          return { done: true as const, value: undefined };
        },
      }),
    };
    const body = isWatch ? { kind: "stream" as const, events } : { kind: "json" as const, value: {} };
    return { status: 200, contentType: "application/json", warnings: [], body };
  }
}

function aServer() {
  const clock = new VirtualClock();
  const server = new Server();
  return { clock, server, faults: new ApiFaults(server, clock, new Prng(1)) };
}

describe("an API server with faults", () => {
  it("answers as it is while there are none", async () => {
    const { faults } = aServer();
    expect((await faults.send(REQUEST)).status).toBe(200);
  });

  it("refuses connections while it is down, and answers again", async () => {
    const { faults, server } = aServer();
    faults.set({ kind: "down" });
    await expect(faults.send(REQUEST)).rejects.toThrow(UnreachableError);
    expect(server.requests).toBe(0);
    faults.set(null);
    expect((await faults.send(REQUEST)).status).toBe(200);
  });

  it("ends open watches when it goes down, on both sides", async () => {
    const { faults, server } = aServer();
    const { body } = await faults.send({ ...REQUEST, query: new URLSearchParams({ watch: "1" }) });
    if (body.kind !== "stream") return expect.unreachable();
    const next = body.events[Symbol.asyncIterator]().next();
    faults.set({ kind: "down" });
    expect(await next).toEqual({ done: true, value: undefined });
    expect(server.isClosed).toBe(true);
  });

  it("fails a share of requests before they take effect", async () => {
    const { faults, server } = aServer();
    faults.set({ kind: "errors", rate: 0.5, status: 503 });
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async () => (await faults.send(REQUEST)).status),
    );
    const failed = statuses.filter((status) => status === 503).length;
    expect(failed).toBeGreaterThan(60);
    expect(failed).toBeLessThan(140);
    expect(server.requests).toBe(200 - failed);
  });

  it("answers late, or not at all when the caller goes away first", async () => {
    const { clock, faults } = aServer();
    faults.set({ kind: "slow", delayMs: 2_000 });
    const gone = new AbortController();
    let answers = 0;
    const count = () => {
      answers += 1;
    };
    const patient = faults.send(REQUEST).then(count);
    const impatient = faults.send({ ...REQUEST, signal: gone.signal }).then(count);
    await clock.advance(1_999);
    expect(answers).toBe(0);
    gone.abort(new Error("gone"));
    await expect(impatient).rejects.toThrow("gone");
    await clock.advance(1);
    await patient;
    expect(answers).toBe(1);
  });
});
