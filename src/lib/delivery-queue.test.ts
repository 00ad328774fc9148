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
