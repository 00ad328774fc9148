import { describe, expect, it } from "vitest";
import type { HttpMatchRequest } from "./istio.ts";
import { ANY_GATEWAY, matches, matchingBlock, type RequestShape, servesGateway } from "./match.ts";

const REQUEST: RequestShape = {
  method: "GET",
  path: "/api/cart?user=ann&debug=",
  authority: "checkout.shop",
  scheme: "http",
  headers: { "x-canary": "always", cookie: "a=1; canary=yes" },
  port: 80,
  gateway: "mesh",
  source: { namespace: "shop", labels: { app: "web" } },
};

const TABLE: readonly (readonly [string, HttpMatchRequest, boolean])[] = [
  ["no condition", {}, true],
  ["exact path, query left out", { uri: { exact: "/api/cart" } }, true],
  ["another exact path", { uri: { exact: "/api" } }, false],
  ["a prefix of the path", { uri: { prefix: "/api" } }, true],
  ["a prefix in other letters", { uri: { prefix: "/API" } }, false],
  ["a prefix in other letters, case ignored", { uri: { prefix: "/API" }, ignoreUriCase: true }, true],
  ["a regex for the whole path", { uri: { regex: "/api/[a-z]+" } }, true],
  ["a regex for a part of the path", { uri: { regex: "/api" } }, false],
  ["alternatives, anchored as a whole", { uri: { regex: "/x|/api/cart" } }, true],
  ["a regex with an inline flag", { uri: { regex: "(?i)/API/CART" } }, true],
  ["a regex that does not compile", { uri: { regex: "(" } }, false],
  ["the method", { method: { exact: "GET" } }, true],
  ["another method", { method: { exact: "POST" } }, false],
  ["the authority", { authority: { prefix: "checkout" } }, true],
  ["the scheme", { scheme: { exact: "https" } }, false],
  ["a header's value", { headers: { "x-canary": { exact: "always" } } }, true],
  ["a header named in other letters", { headers: { "X-Canary": { exact: "always" } } }, true],
  ["a header that is there", { headers: { "x-canary": {} } }, true],
  ["a header that is not there", { headers: { "x-none": {} } }, false],
  ["a cookie by regex", { headers: { cookie: { regex: "^(.*; )?canary=yes(;.*)?$" } } }, true],
  ["one of two headers", { headers: { "x-canary": {}, "x-none": {} } }, false],
  ["without a header that is there", { withoutHeaders: { "x-canary": {} } }, false],
  ["without a value that the header has not", { withoutHeaders: { "x-canary": { exact: "never" } } }, true],
  ["without a header that is not there", { withoutHeaders: { "x-none": {} } }, true],
  ["a query parameter", { queryParams: { user: { exact: "ann" } } }, true],
  ["an empty query parameter", { queryParams: { debug: { exact: "" } } }, true],
  ["a query parameter that is not there", { queryParams: { page: { exact: "1" } } }, false],
  ["the port", { port: 80 }, true],
  ["another port", { port: 8080 }, false],
  ["the sidecars' gateway", { gateways: ["mesh"] }, true],
  ["another gateway", { gateways: ["public"] }, false],
  [
    "labels of another source, at a gateway that it names",
    { gateways: ["mesh"], sourceLabels: { app: "x" } },
    true,
  ],
  ["a header that is there", { headers: { "X-Canary": { regex: "*" } } }, true],
  ["labels of the source", { sourceLabels: { app: "web" } }, true],
  ["other labels of the source", { sourceLabels: { app: "web", version: "v2" } }, false],
  ["the source's namespace", { sourceNamespace: "shop" }, true],
  ["another namespace of the source", { sourceNamespace: "other" }, false],
  ["all of several conditions", { method: { exact: "GET" }, uri: { prefix: "/api" } }, true],
  ["not all of several conditions", { method: { exact: "GET" }, uri: { prefix: "/web" } }, false],
];

describe("a match block", () => {
  it.each(TABLE)("with %s", (_, block, expected) => {
    expect(matches(block, REQUEST, "shop")).toBe(expected);
  });

  it("is one of several, any of which suffices", () => {
    const [post, api, web] = [
      { method: { exact: "POST" } },
      { uri: { prefix: "/api" } },
      { uri: { prefix: "/web" } },
    ];
    expect(matchingBlock([post, api], REQUEST, "shop")).toBe(api);
    expect(matchingBlock([post, web], REQUEST, "shop")).toBeNull();
  });

  it.each([undefined, []])("is not needed: a route with %o takes every request", (blocks) => {
    expect(matchingBlock(blocks, REQUEST, "shop")).toEqual({});
  });
});

describe("a list of gateways", () => {
  it.each([
    ["public", "shop/public", true],
    ["infra/public", "infra/public", true],
    ["public", "infra/public", false],
    ["mesh", "mesh", true],
    ["public", "mesh", false],
    ["public", ANY_GATEWAY, true],
    ["mesh", ANY_GATEWAY, false],
  ])("with %s, asked for %s", (listed, asked, expected) => {
    expect(servesGateway([listed], asked, "shop")).toBe(expected);
  });
});
