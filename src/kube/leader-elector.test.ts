import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LeaseFaults, LeaseStore } from "../../test/support/lease-store.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import { Prng } from "../lib/prng.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { FencedClient, NotLeaderError } from "./fenced-client.ts";
import { LeaderElector, type LeaderElectorOptions } from "./leader-elector.ts";

const LEASE_KEY = { namespace: "sluice-system", name: "sluice" };

/** A machine's own clock: its wall time may be stepped while its timers run on. */
class SkewedClock implements Clock {
  skewMs = 0;
  readonly #real: Clock;

  constructor(real: Clock) {
    this.#real = real;
  }

  now(): number {
    return this.#real.now() + this.skewMs;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    return this.#real.setTimer(delayMs, fire);
  }
}

function aCandidate(
  store: LeaseStore,
  clock: Clock,
  identity: string,
  rest: Partial<LeaderElectorOptions> = {},
) {
  const log: string[] = [];
  let isCut = false;
  const skewed = new SkewedClock(clock);
  const elector = new LeaderElector({
    client: store.client(undefined, () => isCut),
    clock: skewed,
    random: () => 0.5,
    lease: LEASE_KEY,
    identity,
    onElected: (term) => log.push(`elected ${term.number}`),
    onDeposed: (reason) => log.push(`deposed: ${reason}`),
    ...rest,
  });
  elector.start();
  const cut = (value: boolean) => {
    isCut = value;
  };
  return { elector, log, cut, clock: skewed };
}

describe("LeaderElector", () => {
  it("makes the first candidate leader, and keeps the second one waiting", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    const a = aCandidate(store, clock, "a");
    await clock.advance(0);
    const b = aCandidate(store, clock, "b");
    await clock.advance(3_600_000);
    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([true, false]);
    expect([a.log, b.log]).toEqual([["elected 1"], []]);
    expect([a.elector.holder, b.elector.holder]).toEqual(["a", "a"]);
    expect(store.lease).toMatchObject({
      metadata: LEASE_KEY,
      spec: {
        holderIdentity: "a",
        leaseDurationSeconds: 15,
        leaseTransitions: 1,
        acquireTime: "2026-01-05T09:00:00.000000Z",
        renewTime: expect.stringMatching(/^2026-01-05T\d\d:\d\d:\d\d\.\d{6}Z$/),
      },
    });
  });

  it("hands over within one retry when the leader stops, with a greater term", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    const a = aCandidate(store, clock, "a");
    const b = aCandidate(store, clock, "b");
    await clock.advance(10_000);
    await a.elector.stop();
    expect(store.lease?.spec?.holderIdentity).toBe("");
    await clock.advance(2_200);
    expect(b.elector.isLeader()).toBe(true);
    expect(b.elector.term).toEqual({ number: 2, identity: "b" });
    expect(a.log).toEqual(["elected 1"]);
  });

  it("takes over when the leader has vanished, not before its lease has run out", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    const a = aCandidate(store, clock, "a");
    const b = aCandidate(store, clock, "b");
    await clock.advance(60_000);
    a.cut(true);
    const cutAt = clock.now();
    await clock.advanceUntil(() => b.elector.isLeader(), 60_000);
    const failoverMs = clock.now() - cutAt;
    // From the last renewal, up to 2 s before the cut; seen up to 2 s later.
    expect(failoverMs).toBeGreaterThanOrEqual(13_000);
    expect(failoverMs).toBeLessThanOrEqual(17_000);
    expect(a.elector.isLeader()).toBe(false);
    expect(a.log.at(-1)).toBe("deposed: the lease could not be renewed for 10000 ms");
  });

  it("leaves five seconds between the end of one reign and the next", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    const a = aCandidate(store, clock, "a");
    const b = aCandidate(store, clock, "b");
    await clock.advance(10_000);
    a.cut(true);
    await clock.advanceUntil(() => !a.elector.isLeader(), 60_000);
    const endedAt = clock.now();
    await clock.advanceUntil(() => b.elector.isLeader(), 60_000);
    expect(clock.now() - endedAt).toBeGreaterThanOrEqual(5_000);
  });

  it("counts its reign from the beginning of a renewal, however late the answer comes", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    let latencyMs = 0;
    let requests = 0;
    const latency = () => {
      requests += 1;
      return latencyMs;
    };
    const client = store.client({ latencyMs: latency, loses: () => null });
    const a = aCandidate(store, clock, "a", { client });
    await clock.advance(10_000);
    latencyMs = 3_000;
    const before = requests;
    await clock.advanceUntil(() => requests > before, 10_000);
    const startedAt = clock.now();
    await clock.advance(6_000);
    latencyMs = 60_000;
    await clock.advanceUntil(() => !a.elector.isLeader(), 60_000);
    expect(clock.now() - startedAt).toBe(10_000);
  });

  it("is not deposed by a short outage, nor by a person who writes the lease", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    const a = aCandidate(store, clock, "a");
    await clock.advance(10_000);
    a.cut(true);
    await clock.advance(6_000);
    a.cut(false);
    const lease = store.lease!;
    store.lease = {
      ...lease,
      metadata: { ...lease.metadata, resourceVersion: "999", labels: { by: "hand" } },
    };
    await clock.advance(60_000);
    expect(a.log).toEqual(["elected 1"]);
    expect(a.elector.isLeader()).toBe(true);
  });

  it("gives in at once when somebody else holds the lease, and comes back later", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    const a = aCandidate(store, clock, "a");
    await clock.advance(10_000);
    const lease = store.lease!;
    store.lease = {
      metadata: { ...lease.metadata, resourceVersion: "999" },
      spec: { ...lease.spec, holderIdentity: "thief", leaseTransitions: 7 },
      apiVersion: lease.apiVersion,
      kind: lease.kind,
    };
    await clock.advance(2_200);
    expect(a.log).toEqual(["elected 1", "deposed: thief holds the lease"]);
    await clock.advance(20_000);
    expect(a.log.at(-1)).toBe("elected 8");
  });

  it("makes its lease again when somebody deletes it, and leads on", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    const a = aCandidate(store, clock, "a");
    const b = aCandidate(store, clock, "b");
    await clock.advance(10_000);
    store.lease = null;
    await clock.advance(2_200);
    expect(store.lease).toMatchObject({ spec: { holderIdentity: "a", leaseTransitions: 1 } });
    await clock.advance(60_000);
    expect([a.log, b.log]).toEqual([["elected 1"], []]);
  });

  it("does not let a deleted lease free the place of a leader that has not noticed", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    const a = aCandidate(store, clock, "a");
    const b = aCandidate(store, clock, "b");
    await clock.advance(10_000);
    a.cut(true);
    store.lease = null;
    const c = aCandidate(store, clock, "c");
    await clock.advance(14_000);
    expect([b.elector.isLeader(), c.elector.isLeader()]).toEqual([false, false]);
    await clock.advance(5_000);
    const leaders = [a, b, c].filter(({ elector }) => elector.isLeader());
    expect(leaders).toHaveLength(1);
    expect(leaders).not.toContain(a);
  });

  it("waits out a lease that was renewed just before somebody deleted it", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    const a = aCandidate(store, clock, "a");
    await clock.advance(10_000);
    const b = aCandidate(store, clock, "b");
    // Unreachable for longer than its reign: b sees its lease grow old, and then is shown none.
    a.cut(true);
    await clock.advance(12_000);
    a.cut(false);
    await clock.advanceUntil(() => a.elector.isLeader(), 2_200);
    store.lease = null;
    a.cut(true);
    await clock.advanceUntil(() => !a.elector.isLeader(), 20_000);
    expect(b.elector.isLeader()).toBe(false);
    await clock.advance(10_000);
    expect(b.elector.isLeader()).toBe(true);
  });

  it("takes a place that nobody ever had once it has seen none for as long as a lease lasts", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    store.lease = null;
    const a = aCandidate(store, clock, "a");
    await clock.advance(14_000);
    expect(a.elector.isLeader()).toBe(false);
    await clock.advance(2_000);
    expect(a.log).toEqual(["elected 0"]);
  });

  it("does not believe in itself while its clock has been stepped, until it has renewed", async () => {
    const clock = new VirtualClock();
    const a = aCandidate(new LeaseStore(clock), clock, "a");
    await clock.advance(10_000);
    for (const step of [3_600_000, -7_200_000]) {
      a.clock.skewMs += step;
      expect(a.elector.isLeader()).toBe(false);
      await clock.advance(2_200);
      expect(a.elector.isLeader()).toBe(true);
    }
    expect(a.log).toEqual(["elected 1"]);
  });

  it("does not take a live lease because its own clock was stepped forward", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    aCandidate(store, clock, "a");
    const b = aCandidate(store, clock, "b");
    await clock.advance(10_000);
    b.clock.skewMs = 3_600_000;
    await clock.advance(60_000);
    expect(b.log).toEqual([]);
  });

  it("writes nothing while it waits", async () => {
    const clock = new VirtualClock();
    const store = new LeaseStore(clock);
    aCandidate(store, clock, "a");
    await clock.advance(10_000);
    const before = store.writes;
    aCandidate(store, clock, "b");
    await clock.advance(0);
    expect(store.writes).toBe(before);
  });

  it("never lets two write at once, whatever the network and the clocks do, and elects one in the end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const prng = new Prng(seed);
        const clock = new VirtualClock();
        const store = new LeaseStore(clock);
        let isFaulty = true;
        const faults: LeaseFaults = {
          latencyMs: () => (isFaulty && prng.chance(0.3) ? prng.integer(1, 9_000) : 1),
          loses: () => (isFaulty && prng.chance(0.2) ? prng.pick(["request", "answer"]) : null),
        };
        const candidates = ["a", "b", "c"].map((identity) => {
          let isCut = false;
          const skewed = new SkewedClock(clock);
          const elector = new LeaderElector({
            client: store.client(faults, () => isCut),
            clock: skewed,
            random: () => prng.float(),
            lease: LEASE_KEY,
            identity,
          });
          elector.start();
          const disturb = () => {
            isCut = prng.chance(0.3);
            if (prng.chance(0.2)) skewed.skewMs = prng.integer(-100_000, 100_000);
          };
          const heal = () => {
            isCut = false;
          };
          return { elector, disturb, heal };
        });
        const leaders = () => candidates.filter(({ elector }) => elector.isLeader()).length;
        const deletedAt = prng.integer(0, 99);
        for (let step = 0; step < 100; step++) {
          await clock.advance(prng.integer(100, 1_500));
          if (leaders() > 1) throw new Error("two leaders");
          if (prng.chance(0.2)) prng.pick(candidates).disturb();
          // Once: a second time, while a request to make it is still on its way, is beyond what a Lease can promise.
          if (step === deletedAt) store.lease = null;
        }
        isFaulty = false;
        for (const { heal } of candidates) heal();
        await clock.advance(40_000);
        expect(leaders()).toBe(1);
      }),
      { numRuns: 60 },
    );
  });
});

describe("FencedClient", () => {
  const KEY = { namespace: "shop", name: "a" };
  const PATCH = { type: "merge", body: {} } as const;
  const RESOURCE = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };

  function setUp(writableMs: number) {
    const clock = new VirtualClock();
    const calls: string[] = [];
    const inner = new Proxy({} as never, {
      get:
        (_, method: string) =>
        async (_resource: unknown, _key: unknown, ...rest: unknown[]) => {
          calls.push(method);
          const { signal } = (rest.at(-1) ?? {}) as { readonly signal?: AbortSignal };
          if (signal === undefined) return "read";
          return new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason)),
          );
        },
    });
    return { clock, calls, client: new FencedClient(inner, { writableMs: () => writableMs }, clock) };
  }

  it("lets nothing but reads through while another process leads", async () => {
    const { client, calls } = setUp(0);
    await expect(client.patch(RESOURCE, KEY, PATCH)).rejects.toThrow(NotLeaderError);
    await expect(client.create(RESOURCE, {} as never)).rejects.toThrow(NotLeaderError);
    await expect(client.update(RESOURCE, {} as never)).rejects.toThrow(NotLeaderError);
    await expect(client.apply(RESOURCE, {} as never)).rejects.toThrow(NotLeaderError);
    await expect(client.delete(RESOURCE, KEY)).rejects.toThrow(NotLeaderError);
    await client.get(RESOURCE, KEY);
    await client.list(RESOURCE);
    expect(calls).toEqual(["get", "list"]);
  });

  it("cuts off a write that is under way when the lease runs out", async () => {
    const { client, clock } = setUp(5_000);
    const error = client.patch(RESOURCE, KEY, PATCH).catch((caught: unknown) => caught);
    await clock.advance(5_000);
    expect(await error).toBeInstanceOf(NotLeaderError);
  });
});
