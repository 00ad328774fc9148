import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ROLLOUT } from "../../src/api/resource.ts";
import { driven, rolloutCrd } from "../../src/app/rehearsal.ts";
import { SimulatedController } from "../../src/app/simulated-controller.ts";
import { ChaosNetwork } from "../../src/app/simulation/chaos-network.ts";
import { NO_NETWORK_FAULTS } from "../../src/app/simulation/network-faults.ts";
import { loadConfig } from "../../src/config/config.ts";
import { LEASE } from "../../src/kube/resources.ts";
import { sleep } from "../../src/lib/clock.ts";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { ScenarioImages } from "../../src/sim/scenario/image-book.ts";
import { World } from "../../src/sim/world.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";

const LEASE_KEY = { namespace: "default", name: "sluice" };
const crd = await rolloutCrd();

describe("of two controllers that share a Lease", () => {
  const clock = new VirtualClock();
  let world: World;
  let writers: string[];

  const controllerOf = (name: string) =>
    new SimulatedController({
      world,
      config: loadConfig({ flags: {}, environment: {} }),
      prng: new Prng(name.charCodeAt(0)),
      logger: silentLogger,
      name,
      lease: LEASE_KEY,
      network: (instance) =>
        new ChaosNetwork({
          inner: world.transport,
          clock,
          prng: new Prng(1),
          faults: () => NO_NETWORK_FAULTS,
          onAwait: () => {},
          onWrite: ({ path }) => {
            if (!path.includes("/leases")) writers.push(instance);
          },
        }),
    });

  beforeEach(async () => {
    writers = [];
    world = new World({ clock, seed: 1, images: new ScenarioImages({}), crds: [crd] });
    await driven(clock, world.start());
  });

  afterEach(() => driven(clock, world.stop()));

  const holder = async () => (await world.client.get(LEASE, LEASE_KEY)).spec?.holderIdentity ?? "";

  /** Starts "a", then "b": "a" leads. */
  async function startBoth() {
    const [a, b] = [controllerOf("a"), controllerOf("b")];
    await a.start();
    // There has never been a Lease.
    await sleep(clock, 20_000);
    await b.start();
    await sleep(clock, 5_000);
    expect(await holder()).toBe("a-0");
    return { a, b };
  }

  async function takeoverMs(): Promise<number> {
    const startedAt = clock.now();
    while ((await holder()) !== "b-0" && clock.now() - startedAt < 60_000) await sleep(clock, 100);
    return clock.now() - startedAt;
  }

  test("the standby takes over when the leader dies, after the Lease has run out", async () => {
    const tookMs = await driven(
      clock,
      (async () => {
        const { a, b } = await startBoth();
        a.kill();
        const took = await takeoverMs();
        b.kill();
        return took;
      })(),
    );
    expect(tookMs).toBeGreaterThan(10_000);
    expect(tookMs).toBeLessThan(18_000);
  });

  test("a leader that is asked to end gives the Lease back in under 5 s, and the standby has it at its next look", async () => {
    const { stoppedMs, tookMs } = await driven(
      clock,
      (async () => {
        const { a, b } = await startBoth();
        const askedAt = clock.now();
        await a.stop();
        const stopped = clock.now() - askedAt;
        const took = await takeoverMs();
        b.kill();
        return { stoppedMs: stopped, tookMs: took };
      })(),
    );
    expect(stoppedMs).toBeLessThan(5_000);
    expect(tookMs).toBeLessThan(3_000);
  });

  test("a leader that was frozen past the end of its Lease writes nothing when it goes on", async () => {
    await driven(
      clock,
      (async () => {
        const { a, b } = await startBoth();
        a.freeze();
        expect(await takeoverMs()).toBeLessThan(18_000);
        a.thaw();
        await world.client.create(
          ROLLOUT as never,
          {
            apiVersion: "sluice.dev/v1alpha1",
            kind: "Rollout",
            metadata: { name: "lost", namespace: "default" },
            spec: {
              targetRef: { name: "lost" },
              service: { port: 80 },
              traffic: { istio: {} },
              steps: [{ weight: 50 }],
            },
          } as never,
        );
        await sleep(clock, 30_000);
        a.kill();
        b.kill();
      })(),
    );
    expect(new Set(writers)).toEqual(new Set(["b-0"]));
  });
});
