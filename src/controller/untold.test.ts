import { describe, expect, it } from "vitest";
import { aSpec, CoreWorld } from "../../test/support/core-world.ts";
import { type Attempt, Untold } from "./untold.ts";

/** What was decided in a run, one after the other. */
function attempts(): readonly Attempt[] {
  const world = new CoreWorld(aSpec());
  world.advance(60_000);
  world.ship("v2");
  world.settle();
  return world.decisions
    .filter(({ notifications }) => notifications.length > 0)
    .map((decision) => ({ before: undefined, decision }));
}

describe("Untold", () => {
  const [first, second] = attempts() as [Attempt, Attempt];

  it("gives back the attempt that the status is found to be of, once", () => {
    const untold = new Untold();
    untold.keep("shop/checkout", first);
    untold.keep("shop/checkout", second);
    expect(untold.take("shop/checkout", first.decision.status)).toBe(first);
    expect(untold.take("shop/checkout", first.decision.status)).toBeNull();
  });

  it("tells nothing of what did not come about", () => {
    const untold = new Untold();
    untold.keep("shop/checkout", second);
    expect(untold.take("shop/checkout", first.decision.status)).toBeNull();
    expect(untold.take("shop/other", second.decision.status)).toBeNull();
    untold.forget("shop/checkout");
    expect(untold.take("shop/checkout", second.decision.status)).toBeNull();
  });

  it("remembers the latest attempts alone", () => {
    const untold = new Untold();
    untold.keep("shop/checkout", first);
    for (let i = 0; i < 16; i++) untold.keep("shop/checkout", second);
    expect(untold.take("shop/checkout", first.decision.status)).toBeNull();
  });
});
