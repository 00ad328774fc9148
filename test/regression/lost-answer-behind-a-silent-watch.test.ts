import { expect, test } from "vitest";
import { commandAnnotation } from "../../src/api/command.ts";
import { ROLLOUT } from "../../src/api/resource.ts";
import { driven } from "../../src/app/rehearsal.ts";
import { weightOf } from "../../src/app/simulation/routing-view.ts";
import { UnreachableError } from "../../src/kube/api-error.ts";
import type { ApiRequest, ApiResponse, Transport } from "../../src/kube/transport.ts";
import { type Clock, sleep } from "../../src/lib/clock.ts";
import { WatchedWorld } from "../support/watched-world.ts";

const SECONDS = 1_000;
const APP = { namespace: "shop", name: "app" };

/** The way of VirtualServices breaks at the next write: it comes to pass, nobody is told, and watches that stand stay silent. */
class BreakingWay implements Transport {
  isToBreak = false;
  /** Reads have no answer either. */
  isBlind = false;
  hasBroken = false;
  readonly #inner: Transport;
  readonly #clock: Clock;

  constructor(inner: Transport, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    if (!request.path.includes("virtualservices")) return this.#inner.send(request);
    const isLost = this.isToBreak && request.method === "PATCH";
    this.hasBroken ||= isLost;
    const response = await this.#inner.send(request);
    const isUnread = this.isBlind && request.method === "GET" && response.body.kind !== "stream";
    if (isLost || isUnread) {
      if (isLost) this.isToBreak = false;
      await sleep(this.#clock, 5 * SECONDS);
      throw new UnreachableError("connection reset");
    }
    if (response.body.kind !== "stream") return response;
    return {
      ...response,
      body: { kind: "stream", events: this.#untilBroken(response.body.events, request) },
    };
  }

  async *#untilBroken(events: AsyncIterable<unknown>, { signal }: ApiRequest): AsyncGenerator<unknown> {
    for await (const event of events) {
      if (this.hasBroken) await sleep(this.#clock, 3_600 * SECONDS, signal);
      yield event;
    }
  }
}

test.each([
  { what: "though the watch has fallen silent", blindMs: 0, withinMs: 2 * SECONDS },
  { what: "as soon as it can be read again", blindMs: 60 * SECONDS, withinMs: 70 * SECONDS },
])("an abort takes a weight away whose write had no answer, $what", async ({ blindMs, withinMs }) => {
  const watched = new WatchedWorld();
  const { clock, world } = watched;
  const after = (ms: number) => driven(clock, sleep(clock, ms));
  const transport = new BreakingWay(world.transport, clock);
  await driven(clock, watched.begin({ steps: [{ weight: 50, hold: "10m" }] }));
  const { controller, end } = watched.controller("sluice-a", { transport });
  await driven(clock, controller.start());
  await after(120 * SECONDS);
  const weight = () => weightOf(world.caches.virtualServices.get(APP)!, "app");

  transport.isToBreak = true;
  transport.isBlind = blindMs > 0;
  await watched.release("app:v2");
  for (let seconds = 0; seconds < 60 && !transport.hasBroken; seconds += 1) await after(SECONDS);
  expect(transport.hasBroken).toBe(true);
  expect(weight()).toBe(50);
  const body = { metadata: { annotations: { [commandAnnotation("abort")]: "true" } } };
  await driven(clock, world.client.patch(ROLLOUT, APP, { type: "merge", body }));
  await after(blindMs);
  transport.isBlind = false;
  await after(5 * SECONDS + withinMs - blindMs);
  expect(world.caches.rollouts.get(APP)?.status).toMatchObject({ phase: "Failed" });
  expect(weight()).toBe(0);
  await driven(clock, end());
});
