import { describe, expect, it } from "vitest";
import { isMadeFor, ownershipLabels } from "./ownership.ts";

function named(name: string) {
  return { metadata: { name, uid: `uid-${name}` } };
}

function objectOf(rollout: ReturnType<typeof named>) {
  return { metadata: { name: "x", labels: ownershipLabels(rollout) } };
}

describe("isMadeFor", () => {
  it("knows what was made for a Rollout, also after a backup has given it another uid", () => {
    expect(isMadeFor(named("checkout"), objectOf(named("checkout")))).toBe(true);
    expect(isMadeFor({ metadata: { name: "checkout", uid: "other" } }, objectOf(named("checkout")))).toBe(
      true,
    );
    expect(isMadeFor(named("checkout"), objectOf(named("cart")))).toBe(false);
    expect(isMadeFor(named("checkout"), { metadata: { name: "x" } })).toBe(false);
  });

  it("tells long names apart, whose label values are cut", () => {
    const [a, b] = [named(`${"a".repeat(100)}-1`), named(`${"a".repeat(100)}-2`)];
    expect(isMadeFor(a, objectOf(a))).toBe(true);
    expect(isMadeFor(a, objectOf(b))).toBe(false);
    const [value = ""] = Object.values(ownershipLabels(a));
    expect(value).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
    expect(value.length).toBeLessThanOrEqual(63);
  });
});
