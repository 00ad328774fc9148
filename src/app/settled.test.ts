import { describe, expect, it } from "vitest";
import { ownershipLabels } from "../api/ownership.ts";
import { ROLLOUT } from "../api/resource.ts";
import { Doubts } from "../kube/doubts.ts";
import type { ObjectKey } from "../kube/object.ts";
import type { Resource } from "../kube/resource.ts";
import { DEPLOYMENT, SERVICE, VIRTUAL_SERVICE } from "../kube/resources.ts";
import { VirtualClock } from "../lib/virtual-clock.ts";
import { type SettledParts, settled } from "./settled.ts";

const MINE: ObjectKey = { namespace: "shop", name: "checkout" };

describe("what is in doubt", () => {
  it.each([
    ["the Rollout itself", ROLLOUT, "checkout", true],
    ["another Rollout", ROLLOUT, "cart", false],
    ["a primary made for it", DEPLOYMENT, "checkout-primary", true],
    ["a primary made for another", DEPLOYMENT, "cart-primary", false],
    ["a target, which says of nobody whose it is", DEPLOYMENT, "checkout", true],
    ["a VirtualService of the user, likewise", VIRTUAL_SERVICE, "public", true],
    ["a Service that is not known to be there", SERVICE, "cart-canary", true],
  ])("is read before a pass: %s", async (_, resource, name, isRead) => {
    const { parts, reads } = setUp();
    note(parts.doubts, reads, resource, { namespace: "shop", name });
    const settling = settled(parts, MINE);
    expect(settling !== null).toBe(isRead);
    expect((await settling) ?? true).toBe(true);
    expect(reads).toEqual(isRead ? [name] : []);
  });

  it("in another namespace is left to passes there", () => {
    const { parts, reads } = setUp();
    note(parts.doubts, reads, ROLLOUT, { namespace: "bank", name: "checkout" });
    expect(settled(parts, MINE)).toBeNull();
  });

  it("holds a pass up for 2 s at most where reads hang", async () => {
    const { parts } = setUp();
    parts.doubts.note(ROLLOUT, MINE, () => new Promise(() => {}));
    const settling = settled(parts, MINE);
    await parts.clock.advance(2_000);
    expect(await settling).toBe(false);
  });
});

function setUp() {
  const deployments = objects({
    checkout: {},
    "checkout-primary": ownershipLabels({ metadata: { name: "checkout" } }),
    "cart-primary": ownershipLabels({ metadata: { name: "cart" } }),
  });
  const virtualServices = objects({ public: {} });
  const caches = { deployments, virtualServices, services: objects({}), destinationRules: objects({}) };
  const parts = { clock: new VirtualClock(), doubts: new Doubts(), caches } as unknown as SettledParts & {
    readonly clock: VirtualClock;
  };
  return { parts, reads: [] as string[] };
}

function objects(labelsOf: Readonly<Record<string, object>>) {
  return {
    get: ({ name }: ObjectKey) =>
      labelsOf[name] === undefined ? undefined : { metadata: { name, labels: labelsOf[name] } },
  };
}

function note(doubts: Doubts, reads: string[], resource: Resource, key: ObjectKey): void {
  doubts.note(resource, key, async () => {
    reads.push(key.name);
    return true;
  });
}
