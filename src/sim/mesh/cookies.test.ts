import { describe, expect, it } from "vitest";
import { CookieJar } from "./cookie-jar.ts";
import { cookiesOf, isUnder, parseSetCookie } from "./cookies.ts";

const NOW = Date.parse("2026-01-05T09:00:00Z");
const PAGE = { path: "/shop/cart?x=1", scheme: "http" };

describe("Set-Cookie headers of a route", () => {
  const add = (value: string) => ({ response: { add: { "Set-Cookie": value } } });
  const set = (value: string) => ({ response: { set: { "set-cookie": value } } });
  const remove = { response: { remove: ["Set-Cookie"] } };

  it("come from the chosen destination and from the route, in this order", () => {
    expect(cookiesOf(add("b=2"), add("a=1"))).toEqual(["a=1", "b=2"]);
    expect(cookiesOf(undefined, undefined)).toEqual([]);
  });

  it("are replaced by what the route sets, and gone when it removes them", () => {
    expect(cookiesOf(set("b=2"), add("a=1"))).toEqual(["b=2"]);
    expect(cookiesOf(remove, add("a=1"))).toEqual([]);
  });

  it("of a lone destination come last, and outlive what the route removes", () => {
    expect(cookiesOf(add("b=2"), add("a=1"), true)).toEqual(["b=2", "a=1"]);
    expect(cookiesOf(remove, add("a=1"), true)).toEqual(["a=1"]);
  });
});

describe("a Set-Cookie header", () => {
  it("is read with its attributes", () => {
    expect(parseSetCookie("a=x=y; Max-Age=60; path=/shop; Secure; HttpOnly", "/", NOW)).toEqual({
      name: "a",
      value: "x=y",
      path: "/shop",
      secure: true,
      maxAgeMs: 60_000,
    });
  });

  it("has the directory of the request as its path, and lives with its client, when it says nothing", () => {
    const bare = parseSetCookie("a=1", PAGE.path, NOW);
    expect(bare).toEqual({ name: "a", value: "1", path: "/shop", secure: false, maxAgeMs: null });
  });

  it("may name the time of its end", () => {
    const dated = parseSetCookie("a=1; Expires=Mon, 05 Jan 2026 09:01:00 GMT", "/", NOW);
    expect(dated?.maxAgeMs).toBe(60_000);
    const both = parseSetCookie("a=1; Expires=Mon, 05 Jan 2026 09:01:00 GMT; Max-Age=5", "/", NOW);
    expect(both?.maxAgeMs).toBe(5_000);
  });

  it.each(["", "a", "=1", ";a=1"])("%j is no cookie", (text) => {
    expect(parseSetCookie(text, "/", NOW)).toBeNull();
  });

  it.each([
    ["/", "/", true],
    ["/a", "/", true],
    ["/a/b?c", "/a", true],
    ["/a?c", "/a", true],
    ["/ab", "/a", false],
    ["/", "/a", false],
  ])("a request to %s and a cookie of %s belong together: %s", (request, path, expected) => {
    expect(isUnder(request, path)).toBe(expected);
  });
});

describe("a cookie jar", () => {
  const jar = (...cookies: string[]) => CookieJar.EMPTY.after(cookies, PAGE, NOW);

  it("sends what it was given, the latest value of each name", () => {
    expect(jar("a=1", "b=2", "a=3").header(PAGE)).toBe("b=2; a=3");
    expect(CookieJar.EMPTY.header(PAGE)).toBeNull();
  });

  it("keeps a cookie from other paths", () => {
    expect(jar("a=1; Path=/pay").header(PAGE)).toBeNull();
    expect(jar("a=1; Path=/pay").header({ ...PAGE, path: "/pay/now" })).toBe("a=1");
  });

  it("takes secure cookies over https alone", () => {
    expect(jar("a=1; Secure").header(PAGE)).toBeNull();
    const page = { ...PAGE, scheme: "https" };
    const secure = CookieJar.EMPTY.after(["a=1; Secure"], page, NOW);
    expect(secure.header(page)).toBe("a=1");
    expect(secure.header(PAGE)).toBeNull();
  });

  it("forgets when a cookie's time is over, and not before", () => {
    const short = jar("a=1; Max-Age=60", "b=2");
    expect(short.at(NOW + 59_000).header(PAGE)).toBe("a=1; b=2");
    expect(short.at(NOW + 64_000).header(PAGE)).toBe("b=2");
  });

  it("loses a cookie that is taken away", () => {
    expect(jar("a=1", "b=2").after(["a=; Max-Age=0"], PAGE, NOW).header(PAGE)).toBe("b=2");
  });

  it("is like another one that was filled at about the same time", () => {
    const keys = [0, 1_000, 2_000].map((later) => {
      return CookieJar.EMPTY.after(["a=1; Max-Age=86400"], PAGE, NOW + later).key;
    });
    expect(new Set(keys).size).toBe(1);
  });
});
