import { describe, expect, it } from "vitest";
import { aRequest } from "../../../test/support/mesh-view.ts";
import { aMesh, weights } from "../../../test/support/small-mesh.ts";
import type { HttpMatchRequest, HttpRoute } from "./istio.ts";
import { rewritten, shadowOf } from "./rewrite.ts";

const seen = (rewrite: HttpRoute["rewrite"], block: HttpMatchRequest, path: string) =>
  rewritten(rewrite === undefined ? {} : { rewrite }, block, aRequest({ path })).path;

describe("rewriting", () => {
  it.each<[string, HttpRoute["rewrite"], HttpMatchRequest, string, string]>([
    ["nothing", undefined, {}, "/a?b=1", "/a?b=1"],
    ["the prefix that matched", { uri: "/v2" }, { uri: { prefix: "/api" } }, "/api/cart?x=1", "/v2/cart?x=1"],
    ["the slash before everything, where nothing matched", { uri: "/v2" }, {}, "/cart", "/v2cart"],
    ["a path that matched exactly", { uri: "/v2" }, { uri: { exact: "/api" } }, "/api?x=1", "/v2?x=1"],
    ["a path that matched a pattern", { uri: "/v2" }, { uri: { regex: "/api/.*" } }, "/api/cart", "/v2"],
    [
      "by pattern, with groups",
      { uriRegexRewrite: { match: "^/u/([^/]+)/(.*)$", rewrite: "/\\2?$user=\\1" } },
      {},
      "/u/ann/cart",
      "/cart?$user=ann",
    ],
    ["by a pattern that does not compile", { uriRegexRewrite: { match: "(", rewrite: "" } }, {}, "/a", "/a"],
  ])("puts something in the place of %s", (_, rewrite, block, path, expected) => {
    expect(seen(rewrite, block, path)).toBe(expected);
  });

  it("may change the host; a mirrored request says that it is one", () => {
    const request = aRequest({ authority: "checkout:8080" });
    expect(rewritten({ rewrite: { authority: "new" } }, {}, request).authority).toBe("new");
    expect(rewritten({ headers: { request: { set: { Host: "set" } } } }, {}, request).authority).toBe("set");
    expect(shadowOf(rewritten({}, {}, request)).authority).toBe("checkout-shadow:8080");
  });

  it("is what pods see", async () => {
    const { clock, fed, mesh } = aMesh({ traffic: { path: "/api/cart" } });
    fed.put(
      weights(50, {
        match: [{ uri: { prefix: "/api" } }],
        rewrite: { uri: "/v2", authority: "inner" },
        mirror: { host: "checkout-canary" },
      }),
    );
    await clock.advance(5_000);
    const to = { namespace: "shop", workload: "checkout" };
    const live = mesh.truth.requestsTo({ ...to, use: "live" });
    expect(live).toBeGreaterThan(500);
    expect(mesh.truth.requestsTo({ ...to, path: "/v2/cart", authority: "inner" })).toBe(live);
    expect(mesh.truth.requestsTo({ ...to, authority: "inner-shadow" })).toBe(
      mesh.truth.requestsTo({ ...to, use: "mirror" }),
    );
    expect(mesh.truth.requestsTo({ ...to, path: "/api/cart" })).toBe(0);
  });
});
