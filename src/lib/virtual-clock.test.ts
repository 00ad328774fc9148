import { describe, expect, test } from "vitest";
import { TimeStandsStillError, VirtualClock } from "./virtual-clock.ts";

describe("a virtual clock", () => {
  test("breaks off what sets timers of no delay for ever", async () => {
    const clock = new VirtualClock();
    const again = () => void clock.setTimer(0, again);
    again();
    await expect(clock.advance(1)).rejects.toThrow(TimeStandsStillError);
  });

  test("lets many timers fire as long as time goes on", async () => {
    const clock = new VirtualClock();
    let fired = 0;
    const again = () => {
      fired += 1;
      clock.setTimer(1, again);
    };
    again();
    await clock.advance(21_000);
    expect(fired).toBe(21_001);
  }, 20_000);
});
