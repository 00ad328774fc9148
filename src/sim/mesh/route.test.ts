import { describe, expect, it } from "vitest";
import {
  aDestinationRule,
  aPod,
  aService,
  aSlice,
  aVirtualService,
  HandFedCaches,
  readyStatus,
} from "../../../test/support/mesh-objects.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { HttpRoute } from "./istio.ts";
import { ANY_GATEWAY, type RequestShape } from "./match.ts";
import { type Plan, planFor } from "./route.ts";
import { ChangeLog, type KindName } from "./view.ts";

const PRIMARY = [aPod("checkout-primary", 0), aPod("checkout-primary", 1)];
const CANARY = aPod("checkout", 0, { hash: "bbbb", labels: { version: "v2" } });
const WORLD = [
  ...PRIMARY,
  CANARY,
  aService("checkout"),
  aService("checkout-primary"),
  aService("checkout-canary"),
  aSlice("checkout", PRIMARY),
  aSlice("checkout-primary", PRIMARY),
  aSlice("checkout-canary", [CANARY]),
];

function viewOf(...objects: readonly KubeObject[]) {
  const log = new ChangeLog();
  const fed = new HandFedCaches();
  for (const [kind, cache] of Object.entries(fed.caches)) {
    cache.subscribe((change: { new?: unknown }) =>
      log.record(0, kind as KindName, change.new as never, false),
    );
  }
  fed.put(...WORLD, ...objects);
  return log.current;
}

function request(overrides: Partial<RequestShape> = {}): RequestShape {
  return {
    method: "GET",
    path: "/",
    authority: "checkout",
    scheme: "http",
    headers: {},
    port: 80,
    gateway: "mesh",
    source: { namespace: "shop", labels: {} },
    ...overrides,
  };
}

/** `host:share` of each destination, or `status flags`. */
function text(plan: Plan): string {
  if (plan.kind === "answer") return `${plan.status} ${plan.flags}`;
  return plan.destinations
    .map(({ share, cluster }) => `${cluster.service?.name ?? "?"}:${share}:${cluster.endpoints.length}`)
    .join(" ");
}

const SPLIT: HttpRoute = {
  route: [
    { destination: { host: "checkout-primary" }, weight: 90 },
    { destination: { host: "checkout-canary" }, weight: 10 },
  ],
};

function routed(...http: readonly HttpRoute[]): string {
  return text(planFor(viewOf(aVirtualService({ hosts: ["checkout"], http })), request()));
}

describe("the plan for a request", () => {
  it("is the Service's ready endpoints where no VirtualService names the host", () => {
    expect(text(planFor(viewOf(), request()))).toBe("checkout:100:2");
  });

  it.each([
    "checkout",
    "checkout.shop",
    "checkout.shop.svc",
    "checkout.shop.svc.cluster.local",
    "checkout:80",
  ])("is the same for the host %s", (authority) => {
    const view = viewOf(aVirtualService({ hosts: ["checkout"], http: [SPLIT] }));
    expect(text(planFor(view, request({ authority })))).toBe("checkout-primary:90:2 checkout-canary:10:1");
  });

  it("answers 503 NC for a host that nobody knows", () => {
    expect(text(planFor(viewOf(), request({ authority: "nowhere" })))).toBe("503 NC");
  });

  it("takes the first route that matches", () => {
    const canary = { route: [{ destination: { host: "checkout-canary" } }] };
    expect(routed({ ...canary, match: [{ method: { exact: "POST" } }] }, SPLIT)).toContain(
      "checkout-primary:90",
    );
    expect(routed({ ...canary, match: [{ method: { exact: "GET" } }] }, SPLIT)).toBe("checkout-canary:100:1");
  });

  it("answers 404 NR when the host is known and no route matches", () => {
    expect(routed({ ...SPLIT, match: [{ uri: { exact: "/other" } }] })).toBe("404 NR");
  });

  it("gives a lone destination everything and an unnamed weight nothing", () => {
    expect(routed({ route: [{ destination: { host: "checkout-canary" }, weight: 0 }] })).toBe(
      "checkout-canary:100:1",
    );
    const { route = [] } = SPLIT;
    expect(routed({ route: [...route, { destination: { host: "checkout" } }] })).toContain("checkout:0");
  });

  it("has a cluster without Service for a missing host, subset or port", () => {
    expect(routed({ route: [{ destination: { host: "gone" } }] })).toBe("?:100:0");
    expect(routed({ route: [{ destination: { host: "checkout", subset: "v9" } }] })).toBe("?:100:0");
    expect(routed({ route: [{ destination: { host: "checkout", port: { number: 81 } } }] })).toBe("?:100:0");
    expect(routed({ route: [{ destination: { host: "checkout", port: { number: 80 } } }] })).toBe(
      "checkout:100:2",
    );
  });

  it("narrows endpoints by the labels of a subset", () => {
    const rule = aDestinationRule({
      host: "checkout-canary.shop.svc.cluster.local",
      subsets: [
        { name: "v2", labels: { version: "v2" } },
        { name: "v3", labels: { version: "v3" } },
      ],
    });
    const to = (subset: string) =>
      aVirtualService({
        hosts: ["checkout"],
        http: [{ route: [{ destination: { host: "checkout-canary", subset } }] }],
      });
    expect(text(planFor(viewOf(rule, to("v2")), request()))).toBe("checkout-canary:100:1");
    expect(text(planFor(viewOf(rule, to("v3")), request()))).toBe("checkout-canary:100:0");
  });

  it("leaves out endpoints that are not ready", () => {
    const late = aPod("checkout", 1, { hash: "bbbb", status: readyStatus("checkout", false) });
    const view = viewOf(late, aSlice("checkout-canary", [CANARY], [late]));
    expect(text(planFor(view, request({ authority: "checkout-canary" })))).toBe("checkout-canary:100:1");
  });

  it("comes through a gateway only where the VirtualService names it", () => {
    const outside = request({ authority: "shop.example.com", gateway: ANY_GATEWAY });
    const at = (gateways: readonly string[]) =>
      aVirtualService({ hosts: ["checkout", "shop.example.com"], gateways, http: [SPLIT] });
    expect(text(planFor(viewOf(at(["infra/public"])), outside))).toContain("checkout-canary:10");
    expect(text(planFor(viewOf(at([])), outside))).toBe("404 NR");
    // Sidecars do not see a VirtualService of gateways alone.
    expect(text(planFor(viewOf(at(["infra/public"])), request()))).toBe("checkout:100:2");
    expect(text(planFor(viewOf(at(["infra/public", "mesh"])), request()))).toContain("checkout-canary:10");
  });

  it("prefers the most specific host, then the oldest object", () => {
    const wide = aVirtualService({ hosts: ["*"], http: [{ directResponse: { status: 418 } }] }, "wide");
    const exact = aVirtualService({ hosts: ["checkout"], http: [SPLIT] }, "exact");
    expect(text(planFor(viewOf(wide, exact), request()))).toContain("checkout-canary:10");
    const older = {
      ...aVirtualService({ hosts: ["checkout"], http: [{ redirect: { redirectCode: 308 } }] }, "older"),
    };
    const dated = { ...older, metadata: { ...older.metadata, creationTimestamp: "2020-01-01T00:00:00Z" } };
    expect(text(planFor(viewOf(exact, dated), request()))).toBe("308 -");
  });

  it("reads both spellings of mirrors and their percentage", () => {
    const destination = { host: "checkout-canary" };
    const shares = (extra: Partial<HttpRoute>) => {
      const plan = planFor(
        viewOf(aVirtualService({ hosts: ["checkout"], http: [{ ...SPLIT, ...extra }] })),
        request(),
      );
      return plan.kind === "forward" ? plan.mirrors.map(({ share }) => share) : null;
    };
    expect(shares({ mirror: destination })).toEqual([1]);
    expect(shares({ mirror: destination, mirrorPercentage: { value: 25 } })).toEqual([0.25]);
    expect(shares({ mirror: destination, mirrorPercentage: {} })).toEqual([0]);
    expect(shares({ mirror: destination, mirrorPercent: 50 })).toEqual([0.5]);
    expect(shares({ mirrors: [{ destination, percentage: { value: 10 } }, { destination }] })).toEqual([
      0.1, 1,
    ]);
    expect(shares({})).toEqual([]);
  });
});
