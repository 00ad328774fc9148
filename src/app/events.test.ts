import { expect, test } from "vitest";
import { aRollout } from "../../test/support/rollout-objects.ts";
import type { Client } from "../kube/client.ts";
import type { Event } from "../kube/kind/cluster.ts";
import type { KubeObject } from "../kube/object.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { Events } from "./events.ts";
import { createOwnMetrics } from "./own-metrics/own-metrics.ts";

const TARGET: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { namespace: "shop", name: "checkout", uid: "u-deployment" },
};

async function posted(target: KubeObject | undefined, ...reasons: ("RolledBack" | "CommandRefused")[]) {
  const seen: string[] = [];
  const clock = new VirtualClock(0);
  const client = {
    create: async (_: unknown, { involvedObject, reason }: Event) =>
      void seen.push(`${involvedObject.kind}/${involvedObject.name} ${reason}`),
  } as unknown as Client;
  const metrics = createOwnMetrics({ flaggerMetrics: false });
  const events = new Events(
    { client, clock, random: () => 0.5, logger: silentLogger, instance: "sluice-0", metrics },
    () => target,
  );
  for (const reason of reasons) events.post(aRollout(), { reason, type: "Warning", message: "why" });
  await clock.advance(1_000);
  return seen;
}

test("what happens to a release is seen on the Rollout and on its target", async () => {
  expect(await posted(TARGET, "RolledBack")).toEqual([
    "Rollout/checkout RolledBack",
    "Deployment/checkout RolledBack",
  ]);
});

test("what concerns the Rollout alone, or a target that is gone, is seen on the Rollout", async () => {
  expect(await posted(TARGET, "CommandRefused")).toEqual(["Rollout/checkout CommandRefused"]);
  expect(await posted(undefined, "RolledBack")).toEqual(["Rollout/checkout RolledBack"]);
});
