import { expect, test } from "vitest";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";
import type { EvidenceRow } from "../api/evidence.ts";
import { NO_POD_FACTS } from "../api/pod-facts.ts";
import type { Rollout } from "../api/rollout.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { Executor } from "./execute.ts";
import { GateDesk } from "./gate-desk.ts";
import { Gatherer } from "./gather.ts";
import { Pass, type PassParts } from "./pass.ts";

test("an abort that comes while evidence is awaited is what the pass decides on, not the world before it", async () => {
  const world = new CoreWorld(aSpec());
  world.advance(60_000);
  world.ship("v2");
  world.settle();
  const run = world.status?.run;
  expect(run?.stage).toBe("Step");

  const clock = new VirtualClock(world.nowMs + 120_000);
  let rollout: Rollout = world.rollout();
  const asked = Promise.withResolvers<void>();
  const weights: number[] = [];
  const none = async () => {};
  const gatherer = new Gatherer({
    clock,
    rollouts: { get: () => rollout, list: () => [rollout], by: () => [] },
    workload: {
      observe: () =>
        ({
          target: world.target,
          primary: world.primary,
          selectors: null,
          problem: null,
          pods: NO_POD_FACTS,
        }) as never,
    } as never,
    router: {
      observe: () => ({ routing: world.snapshot().routing, services: world.snapshot().services }),
    } as never,
    metrics: {
      fetch: (query, signal) =>
        new Promise<readonly EvidenceRow[]>((resolve) => {
          asked.resolve();
          const rows = [{ endMs: query.fromMs, canary: served(500), primary: served(4_500), own: {} }];
          signal?.addEventListener("abort", () => resolve(rows));
        }),
    },
  });
  const executor = new Executor({
    client: { update: async (_: unknown, object: unknown) => object, patch: async () => rollout } as never,
    workload: {} as never,
    router: {
      ensureServices: none,
      ensureRoutes: none,
      setTraffic: async (_: unknown, traffic: { canaryWeight: number }) =>
        void weights.push(traffic.canaryWeight),
    } as never,
  });
  const gates = new GateDesk({ clock, gate: { ask: () => new Promise(() => {}) }, wake: () => {} });
  const silent: Pick<PassParts, "gates" | "events" | "notifier" | "settings" | "logger"> = {
    gates,
    events: { post: () => {} },
    notifier: { notify: () => {}, drain: none },
    settings: world.settings,
    logger: silentLogger,
  };
  const pass = new Pass({ gatherer, executor, ...silent });

  const done = pass.run("shop/checkout");
  await asked.promise;
  const metadata = { ...rollout.metadata, annotations: { "sluice.dev/abort": "now" } };
  rollout = { ...rollout, metadata };
  pass.interrupt("shop/checkout");
  await done;
  expect(weights).toEqual([0]);
});
