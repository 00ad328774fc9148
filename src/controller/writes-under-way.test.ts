import { expect, it } from "vitest";
import { WritesUnderWay } from "./writes-under-way.ts";

it("knows of a Rollout's writes until each has been answered, or has failed", async () => {
  const writes = new WritesUnderWay();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  writes.follow("shop/checkout", first.promise);
  writes.follow("shop/checkout", second.promise);
  expect([writes.has("shop/checkout"), writes.has("shop/cart")]).toEqual([true, false]);
  first.reject(new Error("connection reset"));
  await expect(first.promise).rejects.toThrow();
  expect(writes.has("shop/checkout")).toBe(true);
  second.resolve();
  await second.promise;
  expect(writes.has("shop/checkout")).toBe(false);
});
