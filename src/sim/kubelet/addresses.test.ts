import { describe, expect, it } from "vitest";
import { AddressPool } from "./addresses.ts";

describe("AddressPool", () => {
  it("gives every pod another address, and a returned one not before all others", () => {
    const pool = new AddressPool();
    pool.claim("10.244.0.2");
    const first = pool.take();
    expect([first, pool.take()]).toEqual(["10.244.0.1", "10.244.0.3"]);
    pool.giveBack(first);
    const given = new Set(Array.from({ length: 65_531 }, () => pool.take()));
    expect(given.has(first)).toBe(false);
    expect(pool.take()).toBe(first);
  });

  it("is full when every address is in use", () => {
    const pool = new AddressPool();
    for (let count = 0; count < 65_534; count++) pool.take();
    expect(() => pool.take()).toThrow("the pod network is full");
  });
});
