import { expect, it } from "vitest";
import { sleep } from "./clock.ts";
import { Slots } from "./slots.ts";
import { VirtualClock } from "./virtual-clock.ts";

it("Slots let so many work at a time, in order, and go on after work that fails", async () => {
  const clock = new VirtualClock(0);
  const slots = new Slots(2);
  const log: string[] = [];
  const work = (name: string, fails = false) =>
    slots
      .run(async () => {
        log.push(`+${clock.now()} ${name}`);
        await sleep(clock, 10);
        if (fails) throw new Error(name);
      })
      .catch(() => log.push(`+${clock.now()} ${name} failed`));
  const all = Promise.all([work("a", true), work("b"), work("c"), work("d")]);
  await clock.advance(100);
  await all;
  expect(log).toEqual(["+0 a", "+0 b", "+10 c", "+10 a failed", "+10 d"]);
});
