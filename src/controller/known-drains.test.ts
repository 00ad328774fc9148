import { describe, expect, it } from "vitest";
import { CoreWorld } from "../../test/support/core-world.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { Executor } from "./execute.ts";
import { GateDesk } from "./gate-desk.ts";
import type { Gatherer } from "./gather.ts";
import { Pass } from "./pass.ts";

const KEY = "shop/checkout";

/** A service at rest, whose routes somebody has changed; what passes were told of its drain, in order. */
function astray(writeStatus: () => Promise<void>) {
  const world = new CoreWorld();
  world.advance(60_000);
  world.traffic = { canaryWeight: 50, shadowPercent: 0, reserved: false };
  world.target = { ...world.target!, desiredReplicas: 3 };
  const known: boolean[] = [];
  const scene = (_: unknown, memoryOf: (runId: undefined) => { readonly isDrainKnown: boolean }) => {
    const snapshot = { ...world.snapshot(), ...memoryOf(undefined) };
    known.push(snapshot.isDrainKnown);
    return { snapshot, inForce: snapshot.rollout, routes: {} };
  };
  const none = async () => {};
  const executor = new Executor({
    client: { update: async (_: unknown, object: object) => writeStatus().then(() => object) } as never,
    workload: { scalePrimary: none, scaleTarget: none } as never,
    router: { setTraffic: none } as never,
  });
  const notifier = { notify: () => {}, threads: () => ({}), drain: none };
  const clock = new VirtualClock(world.nowMs);
  const pass = new Pass({
    gatherer: { scene, observe: async () => [] } as unknown as Gatherer,
    executor,
    notifier,
    gates: new GateDesk({ clock, gate: { ask: () => new Promise(() => {}) }, wake: () => {} }),
    events: { post: () => {} },
    settings: world.settings,
    logger: silentLogger,
  });
  return { pass, known };
}

describe("a drain in the status is not known to be newer than the routes", () => {
  it("before the first pass of a process that begins to lead, and known from then on", async () => {
    const { pass, known } = astray(async () => {});
    await pass.run(KEY);
    await pass.run(KEY);
    pass.forget();
    await pass.run(KEY);
    expect(known).toEqual([false, true, false]);
  });

  it("after routes were written and the status was not, until a status is", async () => {
    let isFailing = false;
    const { pass, known } = astray(async () => {
      if (isFailing) throw new Error("no answer");
    });
    await pass.run(KEY);
    isFailing = true;
    await expect(pass.run(KEY)).rejects.toThrow("no answer");
    await expect(pass.run(KEY)).rejects.toThrow("no answer");
    isFailing = false;
    await pass.run(KEY);
    await pass.run(KEY);
    expect(known).toEqual([false, true, false, false, true]);
  });
});
