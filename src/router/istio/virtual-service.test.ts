import { describe, expect, it } from "vitest";
import { aRollout, aRouteContext } from "../../../test/support/rollout-objects.ts";
import type { HttpRoute, VirtualService } from "../../kube/kind/network.ts";
import type { RouteContext } from "../router.ts";
import { buildVirtualServiceSpec, readTraffic, routesWithTraffic } from "./virtual-service.ts";

const NONE = { canaryWeight: 0, shadowPercent: 0, reserved: false };

function contextWith(istio: Record<string, unknown>): RouteContext {
  return aRouteContext(aRollout({ traffic: { istio } }));
}

function aVirtualService(http: readonly HttpRoute[]): VirtualService {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "checkout", namespace: "shop" },
    spec: { hosts: ["checkout"], http },
  };
}

function split(primary: number, canary: number, more: Partial<HttpRoute> = {}): HttpRoute {
  return {
    ...more,
    route: [
      { destination: { host: "checkout-primary" }, weight: primary },
      { destination: { host: "checkout-canary" }, weight: canary },
    ],
  };
}

describe("buildVirtualServiceSpec", () => {
  it("routes the apex host within the mesh, all of it to the primary at weight 0", () => {
    expect(buildVirtualServiceSpec(aRouteContext(), NONE)).toEqual({
      hosts: ["checkout"],
      gateways: ["mesh"],
      http: [split(100, 0)],
    });
  });

  it("says what the user says of hosts, gateways and the route", () => {
    const context = contextWith({
      hosts: ["checkout.example.com", "checkout"],
      gateways: ["istio-system/public", "mesh"],
      match: [{ uri: { prefix: "/" }, headers: { "x-tenant": { exact: "a" } } }],
      retries: { attempts: 2, perTryTimeout: "3s", retryOn: "connect-failure" },
      timeout: "8s",
      headers: { request: { set: { "x-env": "prod" } } },
      corsPolicy: { allowOrigins: [{ exact: "https://example.com" }], maxAge: "24h" },
    });
    expect(buildVirtualServiceSpec(context, { canaryWeight: 5, shadowPercent: 0, reserved: false })).toEqual({
      hosts: ["checkout.example.com", "checkout"],
      gateways: ["istio-system/public", "mesh"],
      http: [
        split(95, 5, {
          match: [{ uri: { prefix: "/" }, headers: { "x-tenant": { exact: "a" } } }],
          retries: { attempts: 2, perTryTimeout: "3s", retryOn: "connect-failure" },
          timeout: "8s",
          headers: { request: { set: { "x-env": "prod" } } },
          corsPolicy: { allowOrigins: [{ exact: "https://example.com" }], maxAge: "24h" },
        }),
      ],
    });
  });

  it("mirrors to the canary while the shadow is on", () => {
    const { http } = buildVirtualServiceSpec(aRouteContext(), {
      canaryWeight: 0,
      shadowPercent: 30,
      reserved: false,
    });
    expect(http).toEqual([
      split(100, 0, { mirror: { host: "checkout-canary" }, mirrorPercentage: { value: 30 } }),
    ]);
  });

  it("puts what is reserved by match before the weighted route, the primary's first", () => {
    const context = contextWith({
      match: [{ uri: { prefix: "/" }, headers: { "x-tenant": { exact: "a" } } }],
      timeout: "8s",
      canaryMatch: [{ headers: { "x-tester": { exact: "yes" } } }, { uri: { exact: "/new" } }],
      primaryMatch: [{ headers: { "x-tier": { exact: "enterprise" } } }],
    });
    const { http } = buildVirtualServiceSpec(context, { canaryWeight: 0, shadowPercent: 0, reserved: true });
    const tenant = { "x-tenant": { exact: "a" } };
    const all = { uri: { prefix: "/" } };
    expect(http).toEqual([
      {
        name: "sluice-reserved-primary",
        match: [{ ...all, headers: { ...tenant, "x-tier": { exact: "enterprise" } } }],
        timeout: "8s",
        route: [{ destination: { host: "checkout-primary" }, weight: 100 }],
      },
      {
        name: "sluice-reserved-canary",
        match: [
          { ...all, headers: { ...tenant, "x-tester": { exact: "yes" } } },
          { uri: { exact: "/new" }, headers: tenant },
        ],
        timeout: "8s",
        route: [{ destination: { host: "checkout-canary" }, weight: 100 }],
      },
      split(100, 0, { match: [{ ...all, headers: tenant }], timeout: "8s" }),
    ]);
    const virtualService = aVirtualService(http ?? []);
    const reserved = { canaryWeight: 0, shadowPercent: 0, reserved: true };
    expect(readTraffic(virtualService, context)).toEqual(reserved);
    expect(routesWithTraffic(virtualService, context, NONE)).toEqual([http?.at(-1)]);
    expect(routesWithTraffic(aVirtualService([...(http ?? [])].slice(-1)), context, reserved)).toEqual(http);
  });

  it("leaves out durations of 0, which Istio refuses", () => {
    const context = contextWith({
      timeout: "0s",
      retries: { attempts: 1, perTryTimeout: "0s" },
      corsPolicy: { maxAge: "0s" },
    });
    const [route] = buildVirtualServiceSpec(context, NONE).http ?? [];
    expect(route).toEqual(split(100, 0, { retries: { attempts: 1 }, corsPolicy: {} }));
  });
});

describe("buildVirtualServiceSpec for Services with several ports", () => {
  const port = { number: 80 };
  const named = {
    route: [
      { destination: { host: "checkout-primary", port }, weight: 90 },
      { destination: { host: "checkout-canary", port }, weight: 10 },
    ],
  };
  const traffic = { canaryWeight: 10, shadowPercent: 0, reserved: false };
  const routesOf = (istio: Record<string, unknown>, to = traffic) =>
    buildVirtualServiceSpec(contextWith(istio), to, true).http;

  it("lets requests within the mesh keep the port that they ask for", () => {
    expect(routesOf({})).toEqual([split(90, 10)]);
  });

  it("names the port for gateways, whose own is none of the Services'", () => {
    for (const gateways of [["istio-system/public"], ["istio-system/public", "mesh"]]) {
      expect(routesOf({ gateways })).toEqual([
        { ...named, match: [{ gateways: ["istio-system/public"] }] },
        split(90, 10, { match: [{ gateways: ["mesh"] }] }),
      ]);
    }
  });

  it("keeps to the gateways that a condition names", () => {
    const uri = { prefix: "/" };
    const match = [{ uri, gateways: ["mesh"] }, { uri }];
    expect(routesOf({ gateways: ["public", "mesh"], match })).toEqual([
      { ...named, match: [{ uri, gateways: ["public"] }] },
      split(90, 10, {
        match: [
          { uri, gateways: ["mesh"] },
          { uri, gateways: ["mesh"] },
        ],
      }),
    ]);
    expect(routesOf({ gateways: ["public", "mesh"], match: [{ uri, gateways: ["mesh"] }] })).toHaveLength(1);
  });

  it("mirrors to the port that it sends to", () => {
    const [outside, inside] =
      routesOf({ gateways: ["public", "mesh"] }, { canaryWeight: 0, shadowPercent: 100, reserved: false }) ??
      [];
    expect(outside?.mirror).toEqual({ host: "checkout-canary", port });
    expect(inside?.mirror).toEqual({ host: "checkout-canary" });
  });
});

describe("readTraffic", () => {
  const context = aRouteContext();

  it.each([
    ["equal shares", [split(50, 50)], 50],
    ["weights that do not sum to 100", [split(30, 10)], 25],
    ["a share that rounds to nothing", [split(999, 1)], 1],
    ["the larger of two routes", [split(90, 10), split(20, 80)], 80],
    ["a lone canary without a weight", [{ route: [{ destination: { host: "checkout-canary" } }] }], 100],
    ["no canary", [{ route: [{ destination: { host: "checkout-primary" } }] }], 0],
    ["no routes", [], 0],
    [
      "the canary's full host name",
      [
        {
          route: [
            { destination: { host: "checkout-canary.shop.svc.cluster.local" }, weight: 7 },
            { destination: { host: "x" }, weight: 93 },
          ],
        },
      ],
      7,
    ],
    [
      "a namesake in another namespace",
      [{ route: [{ destination: { host: "checkout-canary.test.svc.cluster.local" } }] }],
      0,
    ],
  ] as const)("reads %s", (_what, http, canaryWeight) => {
    expect(readTraffic(aVirtualService(http), context)).toEqual({
      canaryWeight,
      shadowPercent: 0,
      reserved: false,
    });
  });

  it("reads mirrors in both forms", () => {
    const mirror = { host: "checkout-canary" };
    const single = aVirtualService([split(100, 0, { mirror, mirrorPercentage: { value: 12.5 } })]);
    const whole = aVirtualService([split(100, 0, { mirror })]);
    const several = aVirtualService([
      split(100, 0, { mirrors: [{ destination: mirror, percentage: { value: 40 } }] }),
    ]);
    expect(readTraffic(single, context).shadowPercent).toBe(13);
    expect(readTraffic(whole, context).shadowPercent).toBe(100);
    expect(readTraffic(several, context).shadowPercent).toBe(40);
  });
});

describe("routesWithTraffic", () => {
  const context = aRouteContext();

  it("changes weights and mirror and nothing else", () => {
    const foreign: HttpRoute = { name: "health", route: [{ destination: { host: "health" } }] };
    const ours = split(90, 10, {
      name: "main",
      timeout: "8s",
      mirror: { host: "checkout-canary" },
      mirrorPercentage: { value: 100 },
    });
    expect(
      routesWithTraffic(aVirtualService([foreign, ours]), context, {
        canaryWeight: 25,
        shadowPercent: 0,
        reserved: false,
      }),
    ).toEqual([foreign, split(75, 25, { name: "main", timeout: "8s" })]);
  });

  it("adds a destination that somebody removed", () => {
    const lone: HttpRoute = { route: [{ destination: { host: "checkout-canary" } }] };
    expect(routesWithTraffic(aVirtualService([lone]), context, NONE)).toEqual([split(100, 0)]);
  });

  it.each([
    ["no routes", aVirtualService([])],
    ["foreign routes alone", aVirtualService([{ route: [{ destination: { host: "elsewhere" } }] }])],
    ["no spec", { ...aVirtualService([]), spec: undefined } as unknown as VirtualService],
  ])("makes the generated route where there are %s", (_what, virtualService) => {
    expect(routesWithTraffic(virtualService, context, NONE)).toEqual([split(100, 0)]);
  });
});
