import { describe, expect, it } from "vitest";
import { sleep } from "./clock.ts";
import { type Attempt, DeliveryQueue, type DeliveryQueueOptions } from "./delivery-queue.ts";
import { VirtualClock } from "./virtual-clock.ts";

const SENT: Attempt = { result: "sent" };
const BUSY: Attempt = { result: "retry", reason: "busy" };

interface Job {
  readonly name: string;
  /** Outcomes of its attempts in turn; the last one is repeated. */
  readonly outcomes: readonly Attempt[];
  readonly durationMs?: number;
}

/** A queue on virtual time, and what it did: `+12 a` is an attempt at job a after 12 s, `+12 a sent` its end. */
function aQueue(options: Partial<DeliveryQueueOptions<Job>> = {}) {
  const clock = new VirtualClock(0);
  const log: string[] = [];
  const attempts = new Map<Job, number>();
  let active = 0;
  let mostActive = 0;
  const say = (text: string) => log.push(`+${clock.now() / 1_000} ${text}`);
  const queue = new DeliveryQueue<Job>({
    clock,
    random: () => 1,
    attempt: async (job) => {
      const count = attempts.get(job) ?? 0;
      attempts.set(job, count + 1);
      say(job.name);
      active += 1;
      mostActive = Math.max(mostActive, active);
      await sleep(clock, job.durationMs ?? 0);
      active -= 1;
      return job.outcomes[Math.min(count, job.outcomes.length - 1)] ?? SENT;
    },
    finished: (job, outcome, count) => say(`${job.name} ${outcome.result} ${count}`),
    maxPending: 10,
    maxAttempts: 4,
    backoff: { firstMs: 1_000, maxMs: 3_000 },
    maxConcurrent: 4,
    ...options,
  });
  return { clock, queue, log, mostActive: () => mostActive };
}

describe("DeliveryQueue", () => {
  it("keeps the order within a lane, whatever fails", async () => {
    const { clock, queue, log } = aQueue();
    queue.add("x", { name: "a", outcomes: [BUSY, SENT] });
    queue.add("x", { name: "b", outcomes: [SENT] });
    await clock.advance(60_000);
    expect(log).toEqual(["+0 a", "+1 a", "+1 a sent 2", "+1 b", "+1 b sent 1"]);
  });

  it("does not let one lane hold back another", async () => {
    const { clock, queue, log } = aQueue();
    queue.add("dead", { name: "a", outcomes: [BUSY] });
    queue.add("alive", { name: "b", outcomes: [SENT] });
    await clock.advance(100);
    expect(log).toContain("+0 b sent 1");
  });

  it("backs off, and gives up after the last attempt", async () => {
    const { clock, queue, log } = aQueue();
    queue.add("x", { name: "a", outcomes: [BUSY] });
    await clock.advance(60_000);
    expect(log).toEqual(["+0 a", "+1 a", "+3 a", "+6 a", "+6 a retry 4"]);
  });

  it("waits as long as the receiver asks for", async () => {
    const { clock, queue, log } = aQueue();
    queue.add("x", { name: "a", outcomes: [{ ...BUSY, afterMs: 30_000 }, SENT] });
    await clock.advance(60_000);
    expect(log).toEqual(["+0 a", "+30 a", "+30 a sent 2"]);
  });

  it("does not try again what was refused", async () => {
    const { clock, queue, log } = aQueue();
    queue.add("x", { name: "a", outcomes: [{ result: "refused", reason: "gone" }] });
    await clock.advance(60_000);
    expect(log).toEqual(["+0 a", "+0 a refused 1"]);
  });

  it("takes no more than its bound", async () => {
    const { clock, queue } = aQueue({ maxPending: 2 });
    const job: Job = { name: "a", outcomes: [SENT] };
    expect([queue.add("x", job), queue.add("y", job), queue.add("z", job)]).toEqual([true, true, false]);
    await clock.advance(1);
    expect(queue.pending).toBe(0);
    expect(queue.add("z", job)).toBe(true);
  });

  it("has no more attempts under way than it may", async () => {
    const { clock, queue, mostActive } = aQueue({ maxConcurrent: 3 });
    for (let lane = 0; lane < 9; lane++)
      queue.add(String(lane), { name: "a", outcomes: [SENT], durationMs: 1_000 });
    await clock.advance(10_000);
    expect(mostActive()).toBe(3);
    expect(queue.pending).toBe(0);
  });

  it("makes room in a full lane by leaving out the oldest of the lowest, and takes nothing that is lower still", async () => {
    const left: string[] = [];
    const { clock, queue, log } = aQueue({
      maxPerLane: 3,
      rank: ({ name }) => Number(/\d/.exec(name)?.[0]),
      evicted: ({ name }) => left.push(name),
    });
    const slow = { outcomes: [SENT], durationMs: 1_000 };
    const taken = ["a2", "b1", "c1", "d2", "e0", "f2"].map((name) => queue.add("x", { name, ...slow }));
    expect(taken).toEqual([true, true, true, true, false, true]);
    expect(left).toEqual(["b1", "c1"]);
    expect(queue.pending).toBe(3);
    expect(queue.add("y", { name: "g0", ...slow })).toBe(true);
    await clock.advance(10_000);
    expect(log.filter((line) => line.includes("sent"))).toEqual([
      "+1 a2 sent 1",
      "+1 g0 sent 1",
      "+2 d2 sent 1",
      "+3 f2 sent 1",
    ]);
    expect(queue.pending).toBe(0);
  });

  it("tries until a job is too old, however often that is", async () => {
    const { clock, queue, log } = aQueue({ maxAttempts: Infinity, giveUpAfterMs: 10_000 });
    queue.add("x", { name: "a", outcomes: [BUSY] });
    await clock.advance(60_000);
    expect(log.at(-1)).toBe("+9 a retry 5");
  });

  it("keeps a distance between the jobs of a lane when asked to", async () => {
    const { clock, queue, log } = aQueue({ spacingMs: ({ name }) => (name === "a" ? 1_000 : 0) });
    for (const name of ["a", "b", "c"]) queue.add("x", { name, outcomes: [SENT] });
    queue.add("y", { name: "d", outcomes: [SENT] });
    await clock.advance(5_000);
    expect(log.filter((line) => !line.includes("sent"))).toEqual(["+0 a", "+0 d", "+1 b", "+1 c"]);
  });

  it("is closed with what has not been delivered, and does nothing any more", async () => {
    const { clock, queue, log } = aQueue();
    for (const name of ["a", "b"]) queue.add("x", { name, outcomes: [BUSY] });
    queue.add("y", { name: "c", outcomes: [SENT] });
    await clock.advance(100);
    expect(queue.close().map(({ name }) => name)).toEqual(["a", "b"]);
    expect(queue.add("z", { name: "d", outcomes: [SENT] })).toBe(false);
    await clock.advance(60_000);
    expect(log).toEqual(["+0 a", "+0 c", "+0 c sent 1"]);
  });

  it("drains when the last job is done, or when the time is up", async () => {
    const { clock, queue } = aQueue();
    let drained = "";
    queue.add("x", { name: "a", outcomes: [SENT], durationMs: 5_000 });
    void queue.drain(10_000).then(() => {
      drained = "done";
    });
    await clock.advance(4_999);
    expect(drained).toBe("");
    await clock.advance(1);
    expect(drained).toBe("done");
    await queue.drain(10_000);
    queue.add("x", { name: "b", outcomes: [BUSY] });
    let timedOutAt = 0;
    void queue.drain(2_000).then(() => {
      timedOutAt = clock.now();
    });
    await clock.advance(60_000);
    expect(timedOutAt).toBe(7_000);
  });
});
