import { expect, test } from "vitest";
import { LEASE } from "../../kube/resources.ts";
import { RestClient } from "../../kube/rest-client.ts";
import { Prng } from "../../lib/prng.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { ApiServer } from "../apiserver/api-server.ts";
import { Heartbeat } from "./heartbeat.ts";

test("a node that is alive renews its Lease every ten seconds, and one that failed does not", async () => {
  const clock = new VirtualClock();
  const client = new RestClient({
    transport: new ApiServer({ clock, prng: new Prng(1) }),
    clock,
    fieldManager: "kubelet",
  });
  let alive = ["node-1", "node-2"];
  const heartbeat = new Heartbeat({ client, clock, logger: silentLogger, nodes: () => alive });
  const renewedAgo = async (name: string) => {
    const lease = await client.get(LEASE, { namespace: "kube-node-lease", name });
    return clock.now() - Date.parse(lease.spec?.renewTime ?? "");
  };
  await heartbeat.start();
  alive = ["node-1"];
  await clock.advance(35_000);
  expect(await renewedAgo("node-1")).toBe(5_000);
  expect(await renewedAgo("node-2")).toBe(35_000);
  heartbeat.stop();
  await clock.advance(60_000);
  expect(await renewedAgo("node-1")).toBe(65_000);
});
