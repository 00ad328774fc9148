import { describe, expect, it } from "vitest";
import { Prng } from "../lib/prng.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { ApiError, UnreachableError } from "./api-error.ts";
import type { Client, Patch } from "./client.ts";
import { limitBytes } from "./event-object.ts";
import { KubeEventRecorder } from "./event-recorder.ts";
import type { Event } from "./kind/cluster.ts";
import type { KubeObject, ObjectKey } from "./object.ts";

const OBJECT: KubeObject = {
  apiVersion: "sluice.dev/v1alpha1",
  kind: "Rollout",
  metadata: { namespace: "shop", name: "checkout", uid: "u1", resourceVersion: "7" },
};
const STARTED = { type: "Normal", reason: "RunStarted", message: "v2 started" } as const;

/** An events API: takes creates and patches, and fails as the test wants. */
class FakeEvents {
  readonly events = new Map<string, Event>();
  failures: Error[] = [];
  calls = 0;

  async #call(): Promise<void> {
    this.calls += 1;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }

  async create(_resource: unknown, event: Event): Promise<Event> {
    await this.#call();
    this.events.set(event.metadata.name, event);
    return event;
  }

  async patch(_resource: unknown, key: ObjectKey, patch: Patch): Promise<Event> {
    await this.#call();
    const event = this.events.get(key.name);
    if (event === undefined) throw new ApiError("patching", { code: 404, reason: "NotFound" });
    const patched = { ...event, ...(patch as { body: object }).body };
    this.events.set(key.name, patched);
    return patched;
  }

  get counts(): unknown[] {
    return Array.from(this.events.values(), (event) => [event.message, event.count]);
  }
}

function setUp() {
  const clock = new VirtualClock();
  const api = new FakeEvents();
  const prng = new Prng(1);
  const dropped: string[] = [];
  const recorder = new KubeEventRecorder({
    client: api as unknown as Client,
    clock,
    random: () => prng.float(),
    component: "sluice",
    instance: "sluice-0",
    onDropped: (why) => dropped.push(why),
  });
  return { clock, api, recorder, dropped };
}

describe("KubeEventRecorder", () => {
  it("writes an event that kubectl describe shows with the object", async () => {
    const { clock, api, recorder } = setUp();
    recorder.record(OBJECT, STARTED);
    await clock.advance(0);
    const [event] = api.events.values();
    expect(event).toEqual({
      apiVersion: "v1",
      kind: "Event",
      metadata: { namespace: "shop", name: expect.stringMatching(/^checkout\.[0-9a-f]{12}$/) },
      involvedObject: {
        apiVersion: "sluice.dev/v1alpha1",
        kind: "Rollout",
        namespace: "shop",
        name: "checkout",
        uid: "u1",
        resourceVersion: "7",
      },
      type: "Normal",
      reason: "RunStarted",
      message: "v2 started",
      count: 1,
      firstTimestamp: "2026-01-05T09:00:00Z",
      lastTimestamp: "2026-01-05T09:00:00Z",
      source: { component: "sluice" },
      reportingComponent: "sluice",
      reportingInstance: "sluice-0",
    });
  });

  it("counts the same text up within ten minutes, and writes a new event after that", async () => {
    const { clock, api, recorder } = setUp();
    for (let i = 0; i < 3; i++) {
      recorder.record(OBJECT, STARTED);
      await clock.advance(300_000);
    }
    expect(api.counts).toEqual([["v2 started", 3]]);
    expect([...api.events.values()][0]).toMatchObject({
      firstTimestamp: "2026-01-05T09:00:00Z",
      lastTimestamp: "2026-01-05T09:10:00Z",
    });
    await clock.advance(600_000);
    recorder.record(OBJECT, STARTED);
    await clock.advance(0);
    expect(api.counts).toEqual([
      ["v2 started", 3],
      ["v2 started", 1],
    ]);
  });

  it("joins what is told faster than it can be sent into one write", async () => {
    const { clock, api, recorder } = setUp();
    for (let i = 0; i < 500; i++) recorder.record(OBJECT, STARTED);
    await clock.advance(0);
    expect(api.counts).toEqual([["v2 started", 500]]);
    expect(api.calls).toBeLessThanOrEqual(2);
  });

  it("writes a new event when the one it counts up has expired", async () => {
    const { clock, api, recorder } = setUp();
    recorder.record(OBJECT, STARTED);
    await clock.advance(1_000);
    api.events.clear();
    recorder.record(OBJECT, STARTED);
    await clock.advance(0);
    expect(api.counts).toEqual([["v2 started", 2]]);
  });

  it("limits the texts about one object, counts what it dropped, and still takes warnings", async () => {
    const { clock, api, recorder, dropped } = setUp();
    for (let i = 0; i < 30; i++) recorder.record(OBJECT, { ...STARTED, message: `step ${i}` });
    recorder.record(OBJECT, { type: "Warning", reason: "RolledBack", message: "p99 is 610 ms" });
    const other = { ...OBJECT, metadata: { ...OBJECT.metadata, uid: "u2" } };
    recorder.record(other, STARTED);
    await clock.advance(30_000);
    expect(api.counts).toHaveLength(27);
    expect(dropped).toEqual(["limit", "limit", "limit", "limit", "limit"]);
    recorder.record(OBJECT, { ...STARTED, message: "step 30" });
    await clock.advance(0);
    expect(api.counts.at(-1)).toEqual(["step 30 (5 earlier events about this object were not recorded)", 1]);
  });

  it("tries again when the server cannot be reached, and gives up on what it refuses", async () => {
    const { clock, api, recorder, dropped } = setUp();
    api.failures = [
      new UnreachableError("creating events: refused"),
      new ApiError("creating", { code: 503 }),
    ];
    recorder.record(OBJECT, STARTED);
    await clock.advance(10_000);
    expect(api.counts).toEqual([["v2 started", 1]]);

    api.failures = [new ApiError("creating", { code: 403, reason: "Forbidden" })];
    recorder.record(OBJECT, { ...STARTED, message: "forbidden" });
    await clock.advance(60_000);
    expect(dropped).toEqual(["failed"]);
    expect(api.calls).toBe(4);
  });

  it("gives up on one event in the end, and goes on with the next", async () => {
    const { clock, api, recorder, dropped } = setUp();
    api.failures = Array.from({ length: 4 }, () => new UnreachableError("creating events: refused"));
    recorder.record(OBJECT, STARTED);
    recorder.record(OBJECT, { ...STARTED, message: "next" });
    await clock.advance(60_000);
    expect(dropped).toEqual(["failed"]);
    expect(api.counts).toEqual([["next", 1]]);
  });

  it("keeps a bounded number of events when the server is away, and counts the rest", async () => {
    const { clock, api, recorder, dropped } = setUp();
    api.create = () => new Promise(() => {});
    for (let i = 0; i < 1_200; i++) {
      recorder.record({ ...OBJECT, metadata: { ...OBJECT.metadata, uid: `u${i}` } }, STARTED);
    }
    await clock.advance(0);
    expect(dropped.length).toBeGreaterThanOrEqual(199);
    expect(new Set(dropped)).toEqual(new Set(["full"]));
  });

  it("sends what is queued before it resolves at shutdown, but waits no longer than it is told", async () => {
    const { clock, api, recorder } = setUp();
    recorder.record(OBJECT, STARTED);
    await recorder.drain(5_000);
    expect(api.counts).toHaveLength(1);

    api.create = () => new Promise(() => {});
    recorder.record(OBJECT, { ...STARTED, message: "never" });
    let isDrained = false;
    void recorder.drain(5_000).then(() => {
      isDrained = true;
    });
    await clock.advance(4_999);
    expect(isDrained).toBe(false);
    await clock.advance(1);
    expect(isDrained).toBe(true);
  });

  it("writes about cluster-scoped objects in the default namespace", async () => {
    const { clock, api, recorder } = setUp();
    recorder.record({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }, STARTED);
    await clock.advance(0);
    const [event] = api.events.values();
    expect(event?.metadata.namespace).toBe("default");
    expect(event?.involvedObject).toEqual({ apiVersion: "v1", kind: "Namespace", name: "shop" });
  });
});

describe("limitBytes", () => {
  it("cuts at a character, and only what is too long", () => {
    expect(limitBytes("a".repeat(1_024), 1_024)).toHaveLength(1_024);
    const cut = limitBytes("ä".repeat(600), 1_024);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1_024);
    expect(cut).toMatch(/^ä+…$/);
  });
});
