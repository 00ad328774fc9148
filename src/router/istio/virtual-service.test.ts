import { describe, expect, it } from "vitest";
import { aRollout, aRouteContext } from "../../../test/support/rollout-objects.ts";
import type { HttpRoute, ServicePort, VirtualService } from "../../kube/kind/network.ts";
import type { RouteContext } from "../router.ts";
import { stickyOf } from "./sticky.ts";
import { buildVirtualServiceSpec, readTraffic } from "./virtual-service.ts";

const NONE = { canaryWeight: 0, shadowPercent: 0, reserved: false };

const HTTP: ServicePort = { name: "http", port: 80 };
const ADMIN: ServicePort = { name: "http-admin", port: 8081 };
const REDIS: ServicePort = { name: "tcp-redis", port: 6379 };

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
    expect(buildVirtualServiceSpec(aRouteContext(), NONE, [HTTP])).toEqual({
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
      rewrite: { uri: "/v2" },
      fault: { abort: { httpStatus: 503, percentage: { value: 0.1 } } },
      exportTo: ["."],
    });
    expect(buildVirtualServiceSpec(context, { ...NONE, canaryWeight: 5 }, [HTTP])).toEqual({
      hosts: ["checkout.example.com", "checkout"],
      gateways: ["istio-system/public", "mesh"],
      exportTo: ["."],
      http: [
        split(95, 5, {
          rewrite: { uri: "/v2" },
          fault: { abort: { httpStatus: 503, percentage: { value: 0.1 } } },
          match: [{ uri: { prefix: "/" }, headers: { "x-tenant": { exact: "a" } } }],
          retries: { attempts: 2, perTryTimeout: "3s", retryOn: "connect-failure" },
          timeout: "8s",
          headers: { request: { set: { "x-env": "prod" } } },
          corsPolicy: { allowOrigins: [{ exact: "https://example.com" }], maxAge: "24h" },
        }),
      ],
    });
  });

  it("leaves hosts and gateways to who delegates to it", () => {
    const spec = buildVirtualServiceSpec(contextWith({ delegation: true }), NONE, [HTTP]);
    expect(spec).toEqual({ http: [split(100, 0)] });
  });

  it("mirrors to the canary while the shadow is on", () => {
    const { http } = buildVirtualServiceSpec(aRouteContext(), { ...NONE, shadowPercent: 30 }, [HTTP]);
    const mirror = { mirror: { host: "checkout-canary" }, mirrorPercentage: { value: 30 } };
    expect(http).toEqual([split(100, 0, { name: "sluice-checkout-mirror", ...mirror }), split(100, 0)]);
  });

  const mirrored = (methods: readonly string[], istio: Record<string, unknown> = {}) =>
    aRouteContext(aRollout({ traffic: { istio }, shadow: { duration: "5m", methods } }));
  const mirror = { mirror: { host: "checkout-canary" }, mirrorPercentage: { value: 30 } };

  it("mirrors requests with certain methods on a route of their own, that else is the weighted one", () => {
    const context = mirrored(["GET", "HEAD"], { timeout: "8s", match: [{ uri: { prefix: "/api" } }] });
    const traffic = { ...NONE, shadowPercent: 30 };
    const { http = [] } = buildVirtualServiceSpec(context, traffic, [HTTP]);
    const uri = { prefix: "/api" };
    expect(http).toEqual([
      split(100, 0, {
        name: "sluice-checkout-mirror",
        timeout: "8s",
        match: [{ uri, method: { regex: "GET|HEAD" } }],
        ...mirror,
      }),
      split(100, 0, { timeout: "8s", match: [{ uri }] }),
    ]);
    expect(readTraffic(aVirtualService(http), context)).toEqual(traffic);
  });

  it("never mirrors, nor takes, what the weighted route would not take itself", () => {
    const match = [
      { method: { regex: "GET|POST" }, uri: { exact: "/a" } },
      { method: { exact: "POST" } },
      { method: { regex: "(?<" } },
    ];
    const context = mirrored(["GET", "HEAD"], { match });
    const { http = [] } = buildVirtualServiceSpec(context, { ...NONE, shadowPercent: 30 }, [HTTP]);
    expect(http[0]?.match).toEqual([{ method: { exact: "GET" }, uri: { exact: "/a" } }]);
    const nothing = mirrored(["PUT"], { match });
    expect(buildVirtualServiceSpec(nothing, { ...NONE, shadowPercent: 30 }, [HTTP]).http).toHaveLength(1);
  });

  it("mirrors all that the weighted route takes where every method may be", () => {
    const { http } = buildVirtualServiceSpec(mirrored(["*"]), { ...NONE, shadowPercent: 30 }, [HTTP]);
    expect(http).toEqual([split(100, 0, { name: "sluice-checkout-mirror", ...mirror }), split(100, 0)]);
  });

  it("puts what is reserved by match before the weighted route, the primary's first", () => {
    const context = contextWith({
      match: [{ uri: { prefix: "/" }, headers: { "x-tenant": { exact: "a" } } }],
      timeout: "8s",
      canaryMatch: [{ headers: { "x-tester": { exact: "yes" } } }, { uri: { exact: "/new" } }],
      primaryMatch: [{ headers: { "x-tier": { exact: "enterprise" } } }],
    });
    const reserved = { ...NONE, reserved: true };
    const { http } = buildVirtualServiceSpec(context, reserved, [HTTP]);
    const tenant = { "x-tenant": { exact: "a" } };
    const all = { uri: { prefix: "/" } };
    expect(http).toEqual([
      {
        name: "sluice-checkout-reserved-primary",
        match: [{ ...all, headers: { ...tenant, "x-tier": { exact: "enterprise" } } }],
        timeout: "8s",
        route: [{ destination: { host: "checkout-primary" }, weight: 100 }],
      },
      {
        name: "sluice-checkout-reserved-canary",
        match: [
          { ...all, headers: { ...tenant, "x-tester": { exact: "yes" } } },
          { uri: { exact: "/new" }, headers: tenant },
        ],
        timeout: "8s",
        route: [{ destination: { host: "checkout-canary" }, weight: 100 }],
      },
      split(100, 0, { match: [{ ...all, headers: tenant }], timeout: "8s" }),
    ]);
    expect(readTraffic(aVirtualService(http ?? []), context)).toEqual(reserved);
  });

  it("leaves out durations of 0, which Istio refuses", () => {
    const context = contextWith({
      timeout: "0s",
      retries: { attempts: 1, perTryTimeout: "0s" },
      corsPolicy: { maxAge: "0s" },
      fault: { delay: { fixedDelay: "0s" } },
    });
    const [route] = buildVirtualServiceSpec(context, NONE, [HTTP]).http ?? [];
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
    buildVirtualServiceSpec(contextWith(istio), to, [HTTP, ADMIN]).http;

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

describe("buildVirtualServiceSpec for ports that are not HTTP", () => {
  const traffic = { ...NONE, canaryWeight: 10 };
  const withPort = (number: number) => ({
    route: split(90, 10).route?.map(({ destination, weight }) => ({
      destination: { ...destination, port: { number } },
      weight,
    })),
  });

  it("splits connections", () => {
    const spec = buildVirtualServiceSpec(aRouteContext(), traffic, [REDIS]);
    expect(spec).toEqual({ hosts: ["checkout"], gateways: ["mesh"], tcp: [split(90, 10)] });
    expect(readTraffic({ ...aVirtualService([]), spec }, aRouteContext())).toEqual(traffic);
  });

  it("splits each of several ports, and requests beside them", () => {
    const { http, tcp } = buildVirtualServiceSpec(aRouteContext(), traffic, [HTTP, REDIS]);
    expect(http).toEqual([split(90, 10)]);
    expect(tcp).toEqual([{ match: [{ port: 6379 }], ...withPort(6379) }]);
  });

  it("sends what comes through gateways to the spec's port", () => {
    const context = aRouteContext(
      aRollout({
        service: { port: 6379, portName: "tcp" },
        traffic: { istio: { gateways: ["public"] } },
      }),
    );
    const { tcp } = buildVirtualServiceSpec(context, traffic, [REDIS, { name: "tcp-b", port: 6380 }]);
    expect(tcp).toEqual([
      { match: [{ gateways: ["public"] }], ...withPort(6379) },
      { match: [{ port: 6379, gateways: ["mesh"] }], ...withPort(6379) },
      { match: [{ port: 6380, gateways: ["mesh"] }], ...withPort(6380) },
    ]);
  });
});

describe("buildVirtualServiceSpec with session affinity", () => {
  const rollout = aRollout(
    { traffic: { istio: { timeout: "8s", sessionAffinity: { maxAge: "1h", secure: true } } } },
    { status: { phase: "Progressing", canaryWeight: 0, run: { id: 7, revision: "6d5f8c" } } as never },
  );
  const context = aRouteContext(rollout);
  const { http = [] } = buildVirtualServiceSpec(context, { ...NONE, canaryWeight: 5 }, [HTTP]);
  const [canary, primary, assign, weighted] = http;

  it("keeps who was assigned, and assigns whom it sees first by weight", () => {
    expect(http.map(({ name }) => name)).toEqual([
      "sluice-checkout-sticky-canary",
      "sluice-checkout-sticky-primary",
      "sluice-checkout-assign",
      undefined,
    ]);
    expect(canary?.route).toEqual([{ destination: { host: "checkout-canary" }, weight: 100 }]);
    expect(primary?.route).toEqual([{ destination: { host: "checkout-primary" }, weight: 100 }]);
    expect(assign).toMatchObject({ timeout: "8s", route: split(95, 5).route });
    expect(weighted).toEqual(split(95, 5, { timeout: "8s" }));
    const cookies = assign?.route?.map((it) => (it["headers"] as never)["response"]["add"]["Set-Cookie"]);
    const attributes = "Path=/; Max-Age=3600; SameSite=Lax; Secure; HttpOnly";
    expect(cookies).toEqual([
      `sluice-side=primary.7.6d5f8c; ${attributes}`,
      `sluice-side=canary.7.6d5f8c; ${attributes}`,
    ]);
  });

  it.each([
    ["sluice-side=canary.7.6d5f8c", true],
    ["a=b; sluice-side=canary.7.6d5f8c; c=d", true],
    ["a=b;sluice-side=canary.7.6d5f8c;c=d", true],
    ["my-sluice-side=canary.7.6d5f8c", false],
    ["sluice-side=canary.7.6d5f8c0", false],
    ["sluice-side=canary.76.d5f8c", false],
    ["sluice-side=canaryx7.6d5f8c", false],
    ["sluice-side=canary.6.6d5f8c", false],
    ["sluice-side=primary.7.6d5f8c", false],
    ["note=sluice-side=canary.7.6d5f8c", false],
  ])("tells by the whole cookie who belongs to the canary: %s", (cookie, isCanary) => {
    const pattern = stickyOf(context)?.pattern("canary");
    expect(canary?.match).toEqual([{ headers: { cookie: { regex: pattern } } }]);
    expect(new RegExp(`^(?:${pattern})$`).test(cookie)).toBe(isCanary);
  });

  it("stands only while the canary has a weight, in a run", () => {
    expect(buildVirtualServiceSpec(context, NONE, [HTTP]).http).toHaveLength(1);
    const atRest = { ...context, rollout: { ...rollout, status: undefined } as never };
    expect(buildVirtualServiceSpec(atRest, { ...NONE, canaryWeight: 5 }, [HTTP]).http).toHaveLength(1);
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
