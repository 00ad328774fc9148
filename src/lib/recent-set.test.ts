import { expect, it } from "vitest";
import { RecentSet } from "./recent-set.ts";

it("RecentSet forgets what was added longest ago", () => {
  const set = new RecentSet(2);
  expect([set.add("a"), set.add("b"), set.add("a"), set.add("c")]).toEqual([true, true, false, true]);
  expect([set.add("a"), set.add("b")]).toEqual([false, true]);
  expect(set.delete("b")).toBe(true);
  expect(set.delete("b")).toBe(false);
});
