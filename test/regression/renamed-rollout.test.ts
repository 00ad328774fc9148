import { expect, test } from "vitest";
import { ROLLOUT } from "../../src/api/resource.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import { driven } from "../../src/app/rehearsal.ts";
import { sleep } from "../../src/lib/clock.ts";
import { WatchedWorld } from "../support/watched-world.ts";

const MINUTES = 60_000;

test("a Rollout under another name takes the target over when the one that had it is gone", async () => {
  const watched = new WatchedWorld();
  const { clock, world } = watched;
  const after = (ms: number) => driven(clock, sleep(clock, ms));
  const find = (name: string) => world.caches.rollouts.get({ namespace: "shop", name });
  await driven(clock, watched.begin());
  const { controller, end } = watched.controller("sluice-a");
  await driven(clock, controller.start());
  await after(2 * MINUTES);
  expect(find("app")?.status?.phase).toBe("Initialized");

  const { status: _, ...rollout } = find("app") as Rollout;
  const renamed = { ...rollout, metadata: { namespace: "shop", name: "renamed" } };
  await driven(clock, world.client.create(ROLLOUT, renamed));
  await after(MINUTES);
  expect(find("renamed")?.status).toMatchObject({
    phase: "Initializing",
    conditions: [{ message: expect.stringContaining("is already released by Rollout app") }, {}, {}, {}],
  });

  await driven(clock, world.client.delete(ROLLOUT, { namespace: "shop", name: "app" }));
  await after(6 * MINUTES);
  expect(find("app")).toBeUndefined();
  expect(find("renamed")?.status?.phase).toBe("Initialized");
  await driven(clock, end());
});
