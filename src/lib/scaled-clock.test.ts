import { describe, expect, it } from "vitest";
import { ScaledClock } from "./scaled-clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("a scaled clock", () => {
  it("runs faster from the same origin", async () => {
    const base = new VirtualClock(1_000_000);
    const clock = new ScaledClock(base, 10);
    const fired: number[] = [];
    clock.setTimer(5_000, () => fired.push(clock.now()));
    await base.advance(400);
    expect(clock.now()).toBe(1_004_000);
    expect(fired).toEqual([]);
    await base.advance(100);
    expect(fired).toEqual([1_005_000]);
  });

  it("cancels timers of its base", async () => {
    const base = new VirtualClock();
    const clock = new ScaledClock(base, 0.5);
    clock.setTimer(1_000, () => expect.unreachable()).cancel();
    await base.advance(5_000);
    expect(clock.now() - (base.now() - 5_000)).toBe(2_500);
  });

  it.each([0, -1, Number.NaN])("refuses the speed %s", (speed) => {
    expect(() => new ScaledClock(new VirtualClock(), speed)).toThrow(RangeError);
  });
});
