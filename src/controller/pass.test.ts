import { describe, expect, it, test } from "vitest";
import { aSpec, CoreWorld, served } from "../../test/support/core-world.ts";
import type { EvidenceRow } from "../api/evidence.ts";
import { NO_POD_FACTS } from "../api/pod-facts.ts";
import type { Rollout } from "../api/rollout.ts";
import { ApiError, UnreachableError } from "../kube/api-error.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import type { EvidenceQuery } from "../metrics/metrics.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { Executor } from "./execute.ts";
import { GateDesk } from "./gate-desk.ts";
import { Gatherer } from "./gather.ts";
import { Pass, type PassParts } from "./pass.ts";

/** A run at its first step, whose evidence does not come until nobody waits for it, unless `errors` says what it is. */
function atFirstStep(change: { readonly errors?: number; readonly setTraffic?: () => Promise<void> } = {}) {
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
  const notifier = { notify: () => {}, threads: () => ({}), drain: none };
  const gatherer = new Gatherer({
    clock,
    notifier,
    inspector: { report: () => ({ findings: [], unseen: [] }) },
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
          const { errors } = change;
          if (errors !== undefined) resolve(rowsOf(query, errors));
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
      ...(change.setTraffic === undefined ? {} : { setTraffic: change.setTraffic }),
    } as never,
  });
  const loweredFrom: number[] = [];
  const gates = new GateDesk({ clock, gate: { ask: () => new Promise(() => {}) }, wake: () => {} });
  const silent: Pick<PassParts, "gates" | "events" | "notifier" | "settings" | "logger"> = {
    gates,
    events: { post: () => {} },
    notifier,
    settings: world.settings,
    logger: silentLogger,
  };
  const observer = { loweredOnEvidence: (endMs: number) => void loweredFrom.push(endMs) };
  const pass = new Pass({ gatherer, executor, ...silent, observer });

  const abort = () => {
    const metadata = { ...rollout.metadata, annotations: { "sluice.dev/abort": "now" } };
    rollout = { ...rollout, metadata };
  };
  return { pass, clock, asked: asked.promise, weights, abort, loweredFrom };
}

/** Intervals of which part of the canary's 500 requests fail. */
function rowsOf({ fromMs, toMs, intervalMs }: EvidenceQuery, errors: number): readonly EvidenceRow[] {
  const count = Math.floor((toMs - fromMs) / intervalMs) + 1;
  return Array.from({ length: count }, (_, index) => ({
    endMs: fromMs + index * intervalMs,
    canary: served(500, errors),
    primary: served(4_500),
    own: {},
  }));
}

test("what bad evidence took to come to weight 0 is counted from its first interval, however often the write fails", async () => {
  let attempts = 0;
  const { pass, clock, loweredFrom } = atFirstStep({
    errors: 250,
    setTraffic: async () => {
      attempts += 1;
      if (attempts < 3) throw new UnreachableError("writing the route: no answer");
    },
  });
  const firstMs = clock.now();
  for (let i = 0; i < 2; i++) {
    await expect(pass.run("shop/checkout")).rejects.toThrow("no answer");
    await clock.advance(60_000);
  }
  await pass.run("shop/checkout");
  expect(attempts).toBe(3);
  expect(loweredFrom).toHaveLength(1);
  expect(loweredFrom[0]).toBeLessThanOrEqual(firstMs);
});

test("weight 0 for another reason is not counted as one for evidence", async () => {
  const { pass, abort, loweredFrom, weights } = atFirstStep({ errors: 0 });
  abort();
  await pass.run("shop/checkout");
  expect(weights).toEqual([0]);
  expect(loweredFrom).toEqual([]);
});

test("an abort that comes while evidence is awaited is what the pass decides on, not the world before it", async () => {
  const { pass, asked, weights, abort } = atFirstStep();
  const done = pass.run("shop/checkout");
  await asked;
  abort();
  pass.interrupt("shop/checkout");
  await done;
  expect(weights).toEqual([0]);
});

test("a pass of a process that is to end waits for no evidence, and changes no weight without it", async () => {
  const { pass, asked, weights } = atFirstStep();
  const done = pass.run("shop/checkout");
  await asked;
  pass.hurry();
  await done;
  expect(weights).toEqual([]);
});

describe("what has come about is told once", () => {
  /** A run's first pass; the API server does with the status what `update` says. */
  function aPass(
    update: (stored: Rollout, object: Rollout) => Promise<Rollout>,
    finalAction = async () => {},
  ) {
    const world = new CoreWorld(aSpec());
    world.advance(60_000);
    world.ship("v2");
    let stored: Rollout = {
      ...world.rollout(),
      metadata: { ...world.rollout().metadata, resourceVersion: "1" },
    };
    const told: string[] = [];
    const notifier = {
      notify: (_: unknown, { id }: { readonly id: string }) => void told.push(id),
      threads: () => ({}),
      drain: async () => {},
    };
    const gatherer = new Gatherer({
      clock: new VirtualClock(world.nowMs),
      notifier,
      inspector: { report: () => ({ findings: [], unseen: [] }) },
      rollouts: { get: () => stored, list: () => [stored], by: () => [] },
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
      metrics: { fetch: async () => [] },
    });
    const none = async () => {};
    const executor = new Executor({
      client: {
        update: async (_: unknown, object: Rollout) => {
          stored = await update(stored, object);
          return stored;
        },
        patch: async () => {
          await finalAction();
          return stored;
        },
      } as never,
      workload: { scaleTarget: none } as never,
      router: { setTraffic: none, pinCanary: none, ensureServices: none, ensureRoutes: none } as never,
    });
    const pass = new Pass({
      gatherer,
      executor,
      notifier,
      gates: new GateDesk({
        clock: new VirtualClock(world.nowMs),
        gate: { ask: () => new Promise(() => {}) },
        wake: () => {},
      }),
      events: { post: () => {} },
      settings: world.settings,
      logger: silentLogger,
    });
    const annotate = (annotations: Record<string, string>) => {
      stored = { ...stored, metadata: { ...stored.metadata, annotations } };
    };
    return { pass, told, annotate, see: (object: Rollout) => (stored = object) };
  }

  it("when the status was written, though the answer was lost", async () => {
    let written: Rollout | null = null;
    const { pass, told, see } = aPass(async (_, object) => {
      written = object;
      throw new UnreachableError("writing the status: no answer");
    });
    await expect(pass.run("shop/checkout")).rejects.toThrow("no answer");
    expect(told).toEqual([]);
    see(written as unknown as Rollout);
    await pass.run("shop/checkout").catch(() => {});
    expect(told).toEqual(["run-1/started"]);
    await pass.run("shop/checkout").catch(() => {});
    expect(told).toEqual(["run-1/started"]);
  });

  it("and not at all when it was not written", async () => {
    const { pass, told } = aPass(async () => {
      throw new ApiError("writing the status", { code: 409, reason: "Conflict" });
    });
    await expect(pass.run("shop/checkout")).rejects.toThrow();
    await expect(pass.run("shop/checkout")).rejects.toThrow();
    expect(told).toEqual([]);
  });

  it("when something that comes after the status fails", async () => {
    const { pass, told, annotate } = aPass(
      async (_, object) => object,
      async () => {
        throw new ApiError("clearing the annotation", { code: 409, reason: "Conflict" });
      },
    );
    await pass.run("shop/checkout");
    annotate({ "sluice.dev/abort": "no" });
    await expect(pass.run("shop/checkout")).rejects.toThrow("clearing the annotation");
    expect(told).toEqual(["run-1/started", "run-1/rolled-back"]);
  });
});
