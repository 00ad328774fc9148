import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Prng } from "../lib/prng.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { ApiError } from "./api-error.ts";
import { type Outcome, type Turn, WorkQueue, type WorkQueueOptions } from "./work-queue.ts";

const DONE: Outcome = { kind: "done" };

function setUp(
  handle: (key: string, turn: Turn) => Outcome | Promise<Outcome>,
  options: Partial<WorkQueueOptions> = {},
) {
  const clock = new VirtualClock(0);
  const passes: string[] = [];
  const queue = new WorkQueue({
    clock,
    random: () => 0.5,
    workers: 1,
    backoff: { firstMs: 1_000, maxMs: 8_000 },
    handler: async (key, turn) => {
      passes.push(`${key}@${clock.now()}`);
      return handle(key, turn);
    },
    ...options,
  });
  return { clock, passes, queue };
}

function wait(clock: VirtualClock, ms: number): Promise<Outcome> {
  return new Promise((resolve) => clock.setTimer(ms, () => resolve(DONE)));
}

describe("WorkQueue", () => {
  it("gives a key that was added three times one pass, and keys in the order they came", async () => {
    const { clock, passes, queue } = setUp(() => DONE);
    for (const key of ["b", "a", "b", "b"]) queue.add(key);
    expect([queue.depth, passes]).toEqual([2, []]);
    queue.start();
    await clock.advance(0);
    expect(passes).toEqual(["b@0", "a@0"]);
  });

  it("gives a key another pass when it is added during its pass, and never two at once", async () => {
    const { clock, passes, queue } = setUp((): Promise<Outcome> => wait(clock, 100), { workers: 3 });
    queue.start();
    queue.add("a");
    await clock.advance(50);
    queue.add("a");
    queue.add("a");
    expect(queue.active).toBe(1);
    await clock.advance(1_000);
    expect(passes).toEqual(["a@0", "a@100"]);
  });

  it("works on several keys at a time, as many as there are workers", async () => {
    const { clock, passes, queue } = setUp((): Promise<Outcome> => wait(clock, 100), { workers: 2 });
    queue.start();
    for (const key of ["a", "b", "c"]) queue.add(key);
    await clock.advance(1_000);
    expect(passes).toEqual(["a@0", "b@0", "c@100"]);
  });

  it("works on other keys while passes wait aside, and lets those go on before new ones begin", async () => {
    const ended: string[] = [];
    const { clock, passes, queue } = setUp(async (key, { aside }) => {
      if (key !== "d") await aside(() => wait(clock, 100));
      await wait(clock, 50);
      ended.push(`${key}@${clock.now()}`);
      return DONE;
    });
    queue.start();
    for (const key of ["a", "b", "c"]) queue.add(key);
    await clock.advance(120);
    expect([queue.active, queue.depth]).toEqual([3, 0]);
    queue.add("d");
    await clock.advance(1_000);
    expect(passes).toEqual(["a@0", "b@0", "c@0", "d@250"]);
    expect(ended).toEqual(["a@150", "b@200", "c@250", "d@300"]);
  });

  it("begins what is urgent although every worker hangs, but no more of it than it may", async () => {
    const { clock, passes, queue } = setUp((): Promise<Outcome> => wait(clock, 100), { urgentWorkers: 2 });
    queue.start();
    for (const key of ["a", "b"]) queue.add(key);
    for (const key of ["x", "y", "z"]) queue.add(key, "high");
    await clock.advance(1_000);
    expect(passes).toEqual(["a@0", "x@0", "y@0", "z@100", "b@200"]);
  });

  it("lets a pass that has become urgent go on at once, although every worker hangs", async () => {
    const ended: string[] = [];
    const { clock, queue } = setUp(async (key, { aside }) => {
      if (key === "a") await aside(() => wait(clock, 100));
      else await wait(clock, 1_000);
      ended.push(`${key}@${clock.now()}`);
      return DONE;
    });
    queue.start();
    for (const key of ["a", "b"]) queue.add(key);
    await clock.advance(500);
    expect(ended).toEqual([]);
    queue.add("a", "high");
    await clock.advance(0);
    expect(ended).toEqual(["a@500"]);
  });

  it("takes commands ahead of everything that waits, but lets others in now and then", async () => {
    const { clock, passes, queue } = setUp(() => DONE, { urgentWorkers: 0 });
    for (let i = 0; i < 3; i++) queue.add(`normal${i}`);
    for (let i = 0; i < 10; i++) queue.add(`high${i}`, "high");
    queue.add("normal2", "high");
    queue.start();
    await clock.advance(0);
    const order = passes.map((pass) => pass.replace("@0", ""));
    expect(order.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => `high${i}`));
    expect(order.slice(8)).toEqual(["normal0", "high8", "high9", "normal2", "normal1"]);
  });

  it("keeps the high priority of an addition during the pass", async () => {
    const { clock, passes, queue } = setUp((): Promise<Outcome> => wait(clock, 100));
    queue.start();
    queue.add("a");
    queue.add("b");
    queue.add("a", "high");
    queue.add("a");
    await clock.advance(1_000);
    expect(passes).toEqual(["a@0", "a@100", "b@200"]);
  });

  it("comes back when a pass asks for it", async () => {
    const { clock, passes, queue } = setUp(() => ({ kind: "requeue", afterMs: 5_000 }));
    queue.start();
    queue.add("a");
    await clock.advance(11_000);
    expect(passes).toEqual(["a@0", "a@5000", "a@10000"]);
  });

  it("keeps the earliest of several delays", async () => {
    const { clock, passes, queue } = setUp(() => DONE);
    queue.start();
    queue.addAfter("a", 5_000);
    queue.addAfter("a", 2_000);
    queue.addAfter("a", 9_000);
    await clock.advance(20_000);
    expect(passes).toEqual(["a@2000"]);
  });

  it("voids a delay when a pass begins, since the pass decides afresh", async () => {
    const { clock, passes, queue } = setUp(() => DONE);
    queue.start();
    queue.addAfter("a", 5_000);
    await clock.advance(1_000);
    queue.add("a");
    await clock.advance(20_000);
    expect(passes).toEqual(["a@1000"]);
    expect(queue.delayed).toBe(0);
  });

  it("retries with growing delays, and begins anew after a success", async () => {
    let isBroken = true;
    const { clock, passes, queue } = setUp(() =>
      isBroken ? { kind: "retry", error: new Error("no") } : DONE,
    );
    queue.start();
    queue.add("a");
    // Three quarters of 1, 2, 4 and 8 s, which is the most.
    await clock.advance(20_000);
    expect(passes).toEqual(["a@0", "a@750", "a@2250", "a@5250", "a@11250", "a@17250"]);
    isBroken = false;
    await clock.advance(10_000);
    isBroken = true;
    queue.add("a");
    await clock.advance(1_000);
    expect(passes.slice(-2)).toEqual(["a@30000", "a@30750"]);
  });

  it("treats a handler that throws as one that failed, and tells", async () => {
    const thrown: unknown[] = [];
    const bug = new Error("bug");
    const handler = () => {
      throw bug;
    };
    const { clock, passes, queue } = setUp(handler, { observer: { threw: (pass) => thrown.push(pass) } });
    queue.start();
    queue.add("a");
    await clock.advance(1_000);
    expect(passes).toEqual(["a@0", "a@750"]);
    expect(thrown[0]).toEqual({ key: "a", error: bug });
  });

  it("waits as long as the server asked for", async () => {
    const error = new ApiError("patching", { code: 429, details: { retryAfterSeconds: 30 } });
    const { clock, passes, queue } = setUp(() => ({ kind: "retry", error }));
    queue.start();
    queue.add("a");
    await clock.advance(31_000);
    expect(passes).toEqual(["a@0", "a@30000"]);
  });

  it("lets a terminal failure rest until the key is added again", async () => {
    const { clock, passes, queue } = setUp(() => ({ kind: "terminal", error: new Error("invalid") }));
    queue.start();
    queue.add("a");
    await clock.advance(3_600_000);
    expect(passes).toEqual(["a@0"]);
    queue.add("a");
    await clock.advance(0);
    expect(passes).toHaveLength(2);
  });

  it("asks a pass to end that takes too long, and goes on with other keys", async () => {
    const { clock, passes, queue } = setUp(
      (key, { signal }) =>
        key === "b"
          ? DONE
          : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      { passLimitMs: 60_000 },
    );
    queue.start();
    queue.add("a");
    queue.add("b");
    await clock.advance(60_000);
    expect(passes).toEqual(["a@0", "b@60000"]);
  });

  it("refuses keys beyond its bound, and says so", async () => {
    const refused: string[] = [];
    const { queue } = setUp(() => DONE, { maxKeys: 2, observer: { refused: (key) => refused.push(key) } });
    queue.addAfter("a", 1_000);
    for (const key of ["b", "c", "a", "b"]) queue.add(key);
    queue.addAfter("d", 1_000);
    expect(refused).toEqual(["c", "d"]);
    expect(queue.depth).toBe(2);
  });

  it("tells how long keys waited and passes took", async () => {
    const told: unknown[] = [];
    const { clock, queue } = setUp((): Promise<Outcome> => wait(clock, 100), {
      observer: { started: (pass) => told.push(pass), ended: (pass) => told.push(pass) },
    });
    queue.add("a");
    await clock.advance(30);
    queue.start();
    await clock.advance(100);
    expect(told).toEqual([
      { key: "a", waitedMs: 30 },
      { key: "a", tookMs: 100, outcome: "done" },
    ]);
  });

  it("lets passes finish when it stops, and begins none", async () => {
    const { clock, passes, queue } = setUp((): Promise<Outcome> => wait(clock, 3_000));
    queue.start();
    for (const key of ["a", "b"]) queue.add(key);
    queue.addAfter("c", 1_000);
    await clock.advance(0);
    queue.add("a");
    let isStopped = false;
    void queue.stop(5_000).then(() => {
      isStopped = true;
    });
    queue.add("d");
    await clock.advance(2_999);
    expect(isStopped).toBe(false);
    await clock.advance(1);
    expect(isStopped).toBe(true);
    await clock.advance(60_000);
    expect(passes).toEqual(["a@0"]);
  });

  it("aborts what does not finish in time when it stops, and does not wait for ever", async () => {
    const aborted: string[] = [];
    const { clock, queue } = setUp((key, { signal }) => {
      signal.addEventListener("abort", () => aborted.push(`${key}@${clock.now()}`));
      return new Promise<Outcome>(() => {});
    });
    queue.start();
    queue.add("a");
    await clock.advance(0);
    const stopped = queue.stop(5_000);
    await clock.advance(10_000);
    await stopped;
    expect(aborted).toEqual(["a@5000"]);
  });

  it("is idle when nothing waits or runs, whatever is delayed", async () => {
    const { clock, queue } = setUp((): Promise<Outcome> => wait(clock, 100));
    await queue.idle();
    queue.start();
    queue.add("a");
    queue.addAfter("b", 60_000);
    let isIdle = false;
    void queue.idle().then(() => {
      isIdle = true;
    });
    await clock.advance(99);
    expect(isIdle).toBe(false);
    await clock.advance(1);
    expect(isIdle).toBe(true);
  });

  it("runs a pass after every addition, one at a time for each key, whatever passes return", async () => {
    const key = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ do: fc.constant("add"), key, priority: fc.constantFrom("high", "normal") }),
      fc.record({ do: fc.constant("addAfter"), key, ms: fc.integer({ min: 0, max: 500 }) }),
      fc.record({ do: fc.constant("advance"), ms: fc.integer({ min: 0, max: 300 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(), async (steps, seed) => {
        const prng = new Prng(seed);
        const running = new Set<string>();
        const due = new Set<string>();
        const problems: string[] = [];
        const { clock, queue } = setUp(
          async (key): Promise<Outcome> => {
            if (running.has(key)) problems.push(`two passes over ${key}`);
            running.add(key);
            due.delete(key);
            await wait(clock, prng.integer(0, 100));
            running.delete(key);
            return prng.chance(0.3) ? { kind: "retry", error: new Error("no") } : DONE;
          },
          { workers: 2 },
        );
        queue.start();
        for (const action of steps as {
          do: string;
          key: string;
          ms: number;
          priority: "high" | "normal";
        }[]) {
          if (action.do === "advance") await clock.advance(action.ms);
          else due.add(action.key);
          if (action.do === "add") queue.add(action.key, action.priority);
          if (action.do === "addAfter") queue.addAfter(action.key, action.ms);
        }
        await clock.advance(120_000);
        expect([...due, ...running, ...problems]).toEqual([]);
        expect([queue.depth, queue.active, queue.delayed]).toEqual([0, 0, 0]);
      }),
      { numRuns: 50 },
    );
  });
});
