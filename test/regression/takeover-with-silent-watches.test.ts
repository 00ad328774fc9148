import { expect, test } from "vitest";
import { commandAnnotation } from "../../src/api/command.ts";
import { ROLLOUT } from "../../src/api/resource.ts";
import { driven } from "../../src/app/rehearsal.ts";
import { ChaosNetwork } from "../../src/app/simulation/chaos-network.ts";
import { NO_NETWORK_FAULTS } from "../../src/app/simulation/network-faults.ts";
import { sleep } from "../../src/lib/clock.ts";
import { Prng } from "../../src/lib/prng.ts";
import { WatchedWorld } from "../support/watched-world.ts";

const SECONDS = 1_000;
const LEASE = { namespace: "shop", name: "sluice" };
const APP = { namespace: "shop", name: "app" };

test("a standby whose watches have fallen silent knows of the run that it takes over, and aborts it at once", async () => {
  const watched = new WatchedWorld();
  const { clock, world } = watched;
  const after = (ms: number) => driven(clock, sleep(clock, ms));
  let areSilent = false;
  const transport = new ChaosNetwork({
    inner: world.transport,
    clock,
    prng: new Prng(1),
    faults: () => ({ ...NO_NETWORK_FAULTS, watchHangRate: areSilent ? 1 : 0 }),
    onAwait: () => {},
    onWrite: () => {},
  });
  await driven(clock, watched.begin({ steps: [{ weight: 50, hold: "10m" }] }));
  const first = watched.controller("sluice-a", { lease: LEASE });
  const second = watched.controller("sluice-b", { lease: LEASE, transport });
  await driven(clock, first.controller.start());
  await after(120 * SECONDS);
  await driven(clock, second.controller.start());
  await after(5 * SECONDS);

  areSilent = true;
  await watched.release("app:v2");
  await after(60 * SECONDS);
  const status = () => world.caches.rollouts.get(APP)?.status;
  expect(status()).toMatchObject({ phase: "Progressing", canaryWeight: 50 });

  await driven(clock, first.end());
  areSilent = false;
  const body = { metadata: { annotations: { [commandAnnotation("abort")]: "true" } } };
  await driven(clock, world.client.patch(ROLLOUT, APP, { type: "merge", body }));
  await after(5 * SECONDS);
  expect(second.controller.leadership().leads).toBe(true);
  expect(status()).toMatchObject({ phase: "Failed", canaryWeight: 0 });
  await driven(clock, second.end());
});
