import { describe, expect, it } from "vitest";
import { Slots } from "./slots.ts";

const never = new AbortController().signal;

describe("Slots", () => {
  it("runs at most so many tasks at once, the others in order", async () => {
    const slots = new Slots(2);
    const log: string[] = [];
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const tasks = gates.map(({ promise }, n) =>
      slots.use(never, async () => {
        log.push(`start ${n}`);
        await promise;
      }),
    );
    await Promise.resolve();
    expect(log).toEqual(["start 0", "start 1"]);
    gates[1]?.resolve();
    await tasks[1];
    await Promise.resolve();
    expect(log).toEqual(["start 0", "start 1", "start 2"]);
    for (const gate of gates) gate.resolve();
    await Promise.all(tasks);
    expect(log.at(-1)).toBe("start 3");
  });

  it("lets go of tasks that are aborted while they wait, and of failed ones", async () => {
    const slots = new Slots(1);
    const gate = Promise.withResolvers<void>();
    const first = slots.use(never, () => gate.promise);
    const controller = new AbortController();
    const waiting = slots.use(controller.signal, async () => "ran");
    const third = slots.use(never, async () => "third");
    controller.abort(new Error("no longer wanted"));
    await expect(waiting).rejects.toThrow("no longer wanted");
    gate.reject(new Error("broken"));
    await expect(first).rejects.toThrow("broken");
    expect(await third).toBe("third");
    await expect(slots.use(controller.signal, async () => "ran")).rejects.toThrow("no longer wanted");
    expect(await slots.use(never, async () => "free again")).toBe("free again");
  });
});
