import { expect, test } from "vitest";
import { commandAnnotation } from "../../src/api/command.ts";
import { ROLLOUT } from "../../src/api/resource.ts";
import { driven } from "../../src/app/rehearsal.ts";
import { ownRoutesManifest, withOwnRoutes } from "../../src/app/simulation/manifests.ts";
import { weightOf } from "../../src/app/simulation/routing-view.ts";
import { UnreachableError } from "../../src/kube/api-error.ts";
import { VIRTUAL_SERVICE } from "../../src/kube/resources.ts";
import type { ApiRequest, ApiResponse, Transport } from "../../src/kube/transport.ts";
import { type Clock, sleep } from "../../src/lib/clock.ts";
import { WatchedWorld } from "../support/watched-world.ts";

const SECONDS = 1_000;
const APP = { namespace: "shop", name: "app" };

/** The way of VirtualServices: a write may come to pass without an answer, reads may have none, and watches fall silent. */
class BreakingWay implements Transport {
  /** The next patch is lost, and from then on watches that stand are silent. */
  isToBreak = false;
  /** Reads have no answer either. */
  isBlind = false;
  isSilent = false;
  readonly #inner: Transport;
  readonly #clock: Clock;

  constructor(inner: Transport, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    if (!request.path.includes("virtualservices")) return this.#inner.send(request);
    const isLost = this.isToBreak && request.method === "PATCH";
    if (isLost) [this.isToBreak, this.isSilent] = [false, true];
    const response = await this.#inner.send(request);
    const { body } = response;
    if (isLost || (this.isBlind && request.method === "GET" && body.kind !== "stream")) {
      await sleep(this.#clock, 5 * SECONDS);
      throw new UnreachableError("connection reset");
    }
    if (body.kind !== "stream") return response;
    return { ...response, body: { kind: "stream", events: this.#untilSilent(body.events, request) } };
  }

  async *#untilSilent(events: AsyncIterable<unknown>, { signal }: ApiRequest): AsyncGenerator<unknown> {
    for await (const event of events) {
      if (this.isSilent) await sleep(this.#clock, 3_600 * SECONDS, signal);
      yield event;
    }
  }
}

/** A service at v1 whose next release goes to 50 % and stays there; `istio` says how its traffic is routed. */
async function atRest(istio: object) {
  const watched = new WatchedWorld();
  const { clock, world } = watched;
  const after = (ms: number) => driven(clock, sleep(clock, ms));
  const transport = new BreakingWay(world.transport, clock);
  await driven(clock, watched.begin({ steps: [{ weight: 50, hold: "10m" }], traffic: { istio } }));
  return {
    watched,
    after,
    transport,
    start: async () => {
      const { controller } = watched.controller("sluice-a", { transport });
      await driven(clock, controller.start());
      await after(120 * SECONDS);
    },
    abort: async () => {
      const body = { metadata: { annotations: { [commandAnnotation("abort")]: "true" } } };
      await driven(clock, world.client.patch(ROLLOUT, APP, { type: "merge", body }));
    },
    routes: () => world.caches.virtualServices.get(APP)!,
    weight: () => weightOf(world.caches.virtualServices.get(APP)!, APP.name),
    phase: () => world.caches.rollouts.get(APP)?.status?.phase,
  };
}

test.each([
  { what: "though the watch has fallen silent", blindMs: 0, withinMs: 5 * SECONDS },
  { what: "as soon as it can be read again", blindMs: 60 * SECONDS, withinMs: 15 * SECONDS },
])("an abort takes a weight away whose write had no answer, $what", async ({ blindMs, withinMs }) => {
  const { watched, transport, after, weight, phase, ...story } = await atRest({});
  await story.start();
  transport.isToBreak = true;
  transport.isBlind = blindMs > 0;
  await watched.release("app:v2");
  for (let seconds = 0; seconds < 60 && transport.isToBreak; seconds += 1) await after(SECONDS);
  expect(weight()).toBe(50);
  await story.abort();
  await after(blindMs);
  transport.isBlind = false;
  // The write that has no answer is waited for as well.
  await after(5 * SECONDS + withinMs);
  expect({ phase: phase(), weight: weight() }).toEqual({ phase: "Failed", weight: 0 });
});

test("an abort takes the weight away although somebody has rewritten the routes behind a silent watch", async () => {
  const plan = { name: APP.name, replicas: 1, rps: 10, testersRps: 0, spec: { traffic: { istio: {} } } };
  const own = withOwnRoutes(plan);
  const { istio } = own.spec["traffic"] as { readonly istio: object };
  const { watched, transport, after, routes, weight, phase, ...story } = await atRest(istio);
  const { clock, world } = watched;
  await driven(clock, world.client.create(VIRTUAL_SERVICE, ownRoutesManifest(own) as never));
  await story.start();
  await watched.release("app:v2");
  await after(30 * SECONDS);
  expect(weight()).toBe(50);

  transport.isSilent = true;
  const [, ...others] = routes().spec?.http ?? [];
  const body = { spec: { http: others } };
  await driven(clock, world.client.patch(VIRTUAL_SERVICE, APP, { type: "merge", body }));
  await story.abort();
  await after(5 * SECONDS);
  expect({ phase: phase(), weight: weight() }).toEqual({ phase: "Failed", weight: 0 });
});
