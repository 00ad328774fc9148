import { expect, test } from "vitest";
import { LeaseStore } from "../../test/support/lease-store.ts";
import { loadConfig } from "../config/config.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { createLeadership } from "./leadership.ts";
import { createOwnMetrics } from "./own-metrics/own-metrics.ts";

function candidate() {
  const clock = new VirtualClock();
  const store = new LeaseStore(clock);
  const caughtUp = Promise.withResolvers<void>();
  let beginnings = 0;
  const parts = {
    clock,
    client: store.client(),
    random: () => 0.5,
    instance: "sluice-a",
    lease: { namespace: "sluice-system", name: "sluice" },
    logger: silentLogger,
    metrics: createOwnMetrics(loadConfig({ flags: {}, environment: {} })),
  };
  const leadership = createLeadership(parts, {
    catchUp: () => caughtUp.promise,
    lead: () => {
      beginnings += 1;
    },
  });
  leadership.start();
  return { clock, store, leadership, caughtUp: caughtUp.resolve, beginnings: () => beginnings };
}

test("whoever is elected writes nothing before it knows what was written before", async () => {
  const { clock, leadership, caughtUp, beginnings } = candidate();
  await clock.advance(5_000);
  expect(leadership.state()).toMatchObject({ leads: true, holder: "sluice-a" });
  expect([leadership.mayWrite(), beginnings()]).toEqual([false, 0]);
  caughtUp();
  await clock.advance(0);
  expect([leadership.mayWrite(), beginnings()]).toEqual([true, 1]);
});

test("lists that never come are waited for no longer than 30 s", async () => {
  const { clock, leadership, beginnings } = candidate();
  await clock.advance(29_000);
  expect([leadership.mayWrite(), beginnings()]).toEqual([false, 0]);
  await clock.advance(2_000);
  expect([leadership.mayWrite(), beginnings()]).toEqual([true, 1]);
});

test("a term that ends while it still reads never begins", async () => {
  const { clock, leadership, caughtUp, beginnings } = candidate();
  await clock.advance(5_000);
  const stopped = leadership.stop();
  await clock.advance(1_000);
  await stopped;
  caughtUp();
  await clock.advance(60_000);
  expect([leadership.mayWrite(), beginnings()]).toEqual([false, 0]);
});
