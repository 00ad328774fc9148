import { describe, expect, it } from "vitest";
import { aSpec, CoreWorld } from "../../test/support/core-world.ts";
import type { Decision } from "../core/decision.ts";
import { Untold } from "./untold.ts";

/** Decisions of a run, one after the other. */
function decisions(): readonly Decision[] {
  const world = new CoreWorld(aSpec());
  world.advance(60_000);
  world.ship("v2");
  world.settle();
  return world.decisions.filter(({ notifications }) => notifications.length > 0);
}

describe("Untold", () => {
  const [first, second] = decisions() as [Decision, Decision];

  it("gives back the decision that the status is found to be of, once", () => {
    const untold = new Untold();
    untold.keep("shop/checkout", first);
    untold.keep("shop/checkout", second);
    expect(untold.take("shop/checkout", first.status)).toBe(first);
    expect(untold.take("shop/checkout", first.status)).toBeNull();
  });

  it("tells nothing of what did not come about", () => {
    const untold = new Untold();
    untold.keep("shop/checkout", second);
    expect(untold.take("shop/checkout", first.status)).toBeNull();
    expect(untold.take("shop/other", second.status)).toBeNull();
    untold.forget("shop/checkout");
    expect(untold.take("shop/checkout", second.status)).toBeNull();
  });

  it("remembers the latest attempts alone", () => {
    const untold = new Untold();
    untold.keep("shop/checkout", first);
    for (let i = 0; i < 16; i++) untold.keep("shop/checkout", second);
    expect(untold.take("shop/checkout", first.status)).toBeNull();
  });
});
