import { expect, test } from "vitest";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { RolloutController } from "./controller.ts";
import type { Pass } from "./pass.ts";
import type { Watched } from "./triggers.ts";

/** Members of Watched that are several caches. */
const LISTS = ["routing", "around"];

/** Caches in which nothing ever happens. */
function nothingWatched(): Watched {
  const silent = { subscribe: () => () => {}, list: () => [] };
  return new Proxy({} as Watched, { get: (_, name) => (LISTS.includes(String(name)) ? [] : silent) });
}

function controllerWith(leads: { readonly mayWrite: () => boolean; readonly isInDoubt: () => boolean }) {
  const clock = new VirtualClock();
  const passes: string[] = [];
  const pass = {
    run: async (key: string) => {
      passes.push(key);
      return { changed: false, requeueAfterMs: null };
    },
    interrupt: () => {},
    hurry: () => {},
    isUrgent: () => false,
  } as unknown as Pass;
  const events = { record: () => {} } as never;
  const logger = silentLogger;
  const watched = nothingWatched();
  const controller = new RolloutController({
    ...leads,
    clock,
    random: () => 0.5,
    logger,
    watched,
    pass,
    events,
    workers: 1,
  });
  controller.start();
  return { clock, passes, controller };
}

test("what is due while a leader's clock has just been set is done once the Lease is renewed", async () => {
  let isSure = false;
  const { clock, passes, controller } = controllerWith({ mayWrite: () => isSure, isInDoubt: () => !isSure });
  controller.wake("shop/checkout", false);
  await clock.advance(1_500);
  expect(passes).toEqual([]);
  isSure = true;
  await clock.advance(2_000);
  expect(passes).toEqual(["shop/checkout"]);
  await controller.stop(0);
});

test("a standby forgets what is due: whoever is elected looks at everything", async () => {
  let leads = false;
  const { clock, passes, controller } = controllerWith({ mayWrite: () => leads, isInDoubt: () => false });
  controller.wake("shop/checkout", false);
  await clock.advance(1_500);
  leads = true;
  await clock.advance(60_000);
  expect(passes).toEqual([]);
  await controller.stop(0);
});
