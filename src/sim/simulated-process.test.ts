import { describe, expect, it } from "vitest";
import type { ApiRequest, ApiResponse, Transport } from "../kube/transport.ts";
import { sleep } from "../lib/clock.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { SimulatedProcess } from "./simulated-process.ts";

const REQUEST: ApiRequest = {
  method: "POST",
  path: "/api/v1/pods",
  query: new URLSearchParams(),
  headers: {},
};

/** Answers after a second; what it was sent takes effect at once. */
class SlowServer implements Transport {
  effects = 0;
  isClosed = false;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    this.effects += 1;
    await sleep(this.#clock, 1_000);
    const events = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          await sleep(this.#clock, 1_000);
          return { done: false as const, value: "event" };
        },
        return: async () => {
          this.isClosed = true;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const isWatch = request.query.has("watch");
    const body = isWatch ? { kind: "stream" as const, events } : { kind: "json" as const, value: {} };
    return { status: 200, contentType: "application/json", warnings: [], body };
  }
}

/** A process that writes once a second and counts the answers. */
function aProcess() {
  const clock = new VirtualClock();
  const server = new SlowServer(clock);
  const process = new SimulatedProcess(clock);
  const seen = { answers: 0, events: 0 };
  const transport = process.transport(server);
  const work = async () => {
    for (;;) {
      await transport.send(REQUEST);
      seen.answers += 1;
      await sleep(process.clock, 1_000);
    }
  };
  const watch = async () => {
    const { body } = await transport.send({ ...REQUEST, query: new URLSearchParams({ watch: "1" }) });
    if (body.kind !== "stream") return;
    for await (const _ of body.events) seen.events += 1;
  };
  return { clock, server, process, seen, work, watch };
}

describe("a simulated process", () => {
  it("works like any other while it lives", async () => {
    const { clock, server, seen, work } = aProcess();
    void work();
    await clock.advance(10_500);
    expect(seen.answers).toBe(5);
    expect(server.effects).toBe(6);
  });

  it("never goes on once it is killed, though its last write took effect", async () => {
    const { clock, server, process, seen, work } = aProcess();
    void work();
    await clock.advance(2_500);
    process.kill();
    await clock.advance(60_000);
    expect(process.isDead).toBe(true);
    expect(server.effects).toBe(2);
    expect(seen.answers).toBe(1);
  });

  it("hears no more of its watches, whose connections are closed", async () => {
    const { clock, server, process, seen, watch } = aProcess();
    void watch();
    await clock.advance(3_500);
    expect(seen.events).toBe(2);
    process.kill();
    await clock.advance(10_000);
    expect(seen.events).toBe(2);
    expect(server.isClosed).toBe(true);
  });

  it("fires no timer that was set before or after its death", async () => {
    const { clock, process } = aProcess();
    process.clock.setTimer(1_000, () => expect.unreachable());
    process.kill();
    process.clock.setTimer(1_000, () => expect.unreachable());
    await clock.advance(5_000);
    expect(process.clock.now()).toBe(clock.now());
  });
});
