import { describe, expect, it } from "vitest";
import { KubeEventRecorder } from "../../src/kube/event-recorder.ts";
import { LeaderElector } from "../../src/kube/leader-elector.ts";
import { newLease } from "../../src/kube/lease-record.ts";
import { CONFIG_MAP, EVENT, LEASE, SERIES_EVENT } from "../../src/kube/resources.ts";
import { RestClient } from "../../src/kube/rest-client.ts";
import { Prng } from "../../src/lib/prng.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { ApiServer } from "../../src/sim/apiserver/api-server.ts";

function setUp() {
  const clock = new VirtualClock();
  const prng = new Prng(1);
  const server = new ApiServer({ clock, prng: prng.fork() });
  const client = new RestClient({ transport: server, clock, fieldManager: "sluice" });
  return { clock, client, random: () => prng.float() };
}

describe("a Lease of a whole API server", () => {
  it("is acquired, renewed, released and taken over", async () => {
    const { clock, client, random } = setUp();
    const key = { namespace: "kube-system", name: "sluice" };
    const candidate = (identity: string) => {
      const elector = new LeaderElector({ client, clock, random, lease: key, identity });
      elector.start();
      return elector;
    };
    const a = candidate("a");
    await clock.advance(5_000);
    const b = candidate("b");
    await clock.advance(60_000);
    expect([a.isLeader(), b.isLeader()]).toEqual([true, false]);
    const renewed = await client.get(LEASE, key);
    expect(Date.parse(renewed.spec?.renewTime ?? "")).toBeGreaterThan(clock.now() - 3_000);

    await a.stop();
    expect((await client.get(LEASE, key)).spec?.holderIdentity).toBe("");
    await clock.advance(2_500);
    expect(b.isLeader()).toBe(true);

    const term = b.term?.number;
    await client.delete(LEASE, key);
    await clock.advance(2_500);
    expect((await client.get(LEASE, key)).spec).toMatchObject({
      holderIdentity: "b",
      leaseTransitions: term,
    });
    await clock.advance(30_000);
    expect(b.isLeader()).toBe(true);
    await b.stop();
  });

  it("is not made again by a renewal that was on its way when it was deleted: the uid is a precondition", async () => {
    const { client } = setUp();
    const key = { namespace: "kube-system", name: "sluice" };
    const lease = await client.create(LEASE, newLease(key, { identity: "a", durationMs: 15_000, nowMs: 0 }));
    await client.delete(LEASE, key);
    await expect(client.update(LEASE, lease)).rejects.toMatchObject({
      status: {
        code: 409,
        reason: "Conflict",
        message: expect.stringContaining(`UID in precondition: ${lease.metadata.uid}, UID in object meta: `),
      },
    });
    // Without one, PUT makes what is not there.
    const { uid: _uid, ...metadata } = lease.metadata;
    await client.update(LEASE, { ...lease, metadata });
    expect((await client.get(LEASE, key)).metadata.uid).not.toBe(lease.metadata.uid);
  });
});

describe("events of a whole API server", () => {
  it("are found by the object they are about, counted up, and shown by both APIs", async () => {
    const { clock, client, random } = setUp();
    const recorder = new KubeEventRecorder({
      client,
      clock,
      random,
      component: "sluice",
      instance: "sluice-0",
    });
    const object = await client.create(CONFIG_MAP, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace: "default", name: "checkout" },
    });
    for (let i = 0; i < 3; i++) {
      recorder.record(object, {
        type: "Warning",
        reason: "RolledBack",
        message: `p99 is 610 ms ${"…".repeat(500)}`,
      });
      await clock.advance(60_000);
    }
    const { items } = await client.list(EVENT, {
      namespace: "default",
      fieldSelector: `involvedObject.uid=${object.metadata.uid},involvedObject.kind=ConfigMap`,
    });
    expect(items).toMatchObject([{ reason: "RolledBack", type: "Warning", count: 3 }]);
    const series = await client.list(SERIES_EVENT, { namespace: "default" });
    expect(series.items).toMatchObject([{ reason: "RolledBack", deprecatedCount: 3 }]);
  });
});
