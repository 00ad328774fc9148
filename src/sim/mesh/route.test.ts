import { describe, expect, it } from "vitest";
import {
  aDestinationRule,
  aPod,
  aService,
  aSlice,
  aVirtualService,
  readyStatus,
} from "../../../test/support/mesh-objects.ts";
import { aRequest, CANARY, planText, viewOf } from "../../../test/support/mesh-view.ts";
import type { Service } from "../../kube/kind/network.ts";
import type { HttpRoute } from "./istio.ts";
import { ANY_GATEWAY } from "./match.ts";
import { planFor } from "./route.ts";

const SPLIT: HttpRoute = {
  route: [
    { destination: { host: "checkout-primary" }, weight: 90 },
    { destination: { host: "checkout-canary" }, weight: 10 },
  ],
};

function routed(...http: readonly HttpRoute[]): string {
  return planText(planFor(viewOf(aVirtualService({ hosts: ["checkout"], http })), aRequest()));
}

describe("the plan for a request", () => {
  it("is the Service's ready endpoints where no VirtualService names the host", () => {
    expect(planText(planFor(viewOf(), aRequest()))).toBe("checkout:100:2");
  });

  it.each([
    "checkout",
    "checkout.shop",
    "checkout.shop.svc",
    "checkout.shop.svc.cluster.local",
    "checkout:80",
  ])("is the same for the host %s", (authority) => {
    const view = viewOf(aVirtualService({ hosts: ["checkout"], http: [SPLIT] }));
    expect(planText(planFor(view, aRequest({ authority })))).toBe(
      "checkout-primary:90:2 checkout-canary:10:1",
    );
  });

  it("answers 503 NC for a host that nobody knows", () => {
    expect(planText(planFor(viewOf(), aRequest({ authority: "nowhere" })))).toBe("503 NC");
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
    expect(planText(planFor(viewOf(rule, to("v2")), aRequest()))).toBe("checkout-canary:100:1");
    expect(planText(planFor(viewOf(rule, to("v3")), aRequest()))).toBe("checkout-canary:100:0");
  });

  it("leaves out endpoints that are not ready", () => {
    const late = aPod("checkout", 1, { hash: "bbbb", status: readyStatus("checkout", false) });
    const view = viewOf(late, aSlice("checkout-canary", [CANARY], [late]));
    expect(planText(planFor(view, aRequest({ authority: "checkout-canary" })))).toBe("checkout-canary:100:1");
  });

  it("comes through a gateway only where the VirtualService names it", () => {
    const outside = aRequest({ authority: "shop.example.com", gateway: ANY_GATEWAY });
    const at = (gateways: readonly string[]) =>
      aVirtualService({ hosts: ["checkout", "shop.example.com"], gateways, http: [SPLIT] });
    expect(planText(planFor(viewOf(at(["infra/public"])), outside))).toContain("checkout-canary:10");
    expect(planText(planFor(viewOf(at([])), outside))).toBe("404 NR");
    // Sidecars do not see a VirtualService of gateways alone.
    expect(planText(planFor(viewOf(at(["infra/public"])), aRequest()))).toBe("checkout:100:2");
    expect(planText(planFor(viewOf(at(["infra/public", "mesh"])), aRequest()))).toContain(
      "checkout-canary:10",
    );
  });

  it("prefers the most specific host, then the oldest object", () => {
    const wide = aVirtualService({ hosts: ["*"], http: [{ directResponse: { status: 418 } }] }, "wide");
    const exact = aVirtualService({ hosts: ["checkout"], http: [SPLIT] }, "exact");
    expect(planText(planFor(viewOf(wide, exact), aRequest()))).toContain("checkout-canary:10");
    const older = {
      ...aVirtualService({ hosts: ["checkout"], http: [{ redirect: { redirectCode: 308 } }] }, "older"),
    };
    const dated = { ...older, metadata: { ...older.metadata, creationTimestamp: "2020-01-01T00:00:00Z" } };
    expect(planText(planFor(viewOf(exact, dated), aRequest()))).toBe("308 -");
  });

  it("reads both spellings of mirrors and their percentage", () => {
    const destination = { host: "checkout-canary" };
    const shares = (extra: Partial<HttpRoute>) => {
      const plan = planFor(
        viewOf(aVirtualService({ hosts: ["checkout"], http: [{ ...SPLIT, ...extra }] })),
        aRequest(),
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

  it("joins what several VirtualServices say of a host at a gateway, and has one of them in a sidecar", () => {
    const to = (host: string, path?: string): HttpRoute => ({
      ...(path === undefined ? {} : { match: [{ uri: { prefix: path } }] }),
      route: [{ destination: { host } }],
    });
    const both = { hosts: ["checkout"], gateways: ["public", "mesh"] };
    const view = viewOf(
      aVirtualService({ ...both, http: [to("checkout-primary")] }, "a"),
      aVirtualService({ ...both, http: [to("checkout-canary", "/pay")] }, "b"),
    );
    const planned = (gateway: string, path: string) => planText(planFor(view, aRequest({ gateway, path })));
    expect(planned("shop/public", "/pay")).toBe("checkout-canary:100:1");
    expect(planned("shop/public", "/")).toBe("checkout-primary:100:2");
    expect(planned("mesh", "/pay")).toBe("checkout-primary:100:2");
  });

  it("does not know what is not exported to the client's namespace", () => {
    const http = [{ route: [{ destination: { host: "checkout-canary" } }] }];
    const planned = (exportTo: readonly string[]) =>
      planText(planFor(viewOf(aVirtualService({ hosts: ["checkout"], exportTo, http })), aRequest()));
    expect(planned(["."])).toBe("checkout-canary:100:1");
    expect(planned(["*"])).toBe("checkout-canary:100:1");
    expect(planned(["infra"])).toBe("checkout:100:2");
  });

  it("asks a destination with several ports for the one that was called, and knows no other", () => {
    const service = aService("checkout-canary");
    const ports = [
      { name: "http", port: 80 },
      { name: "admin", port: 81 },
    ];
    const http = [{ route: [{ destination: { host: "checkout-canary" } }] }];
    const two: Service = { ...service, spec: { ...service.spec, ports } };
    const view = viewOf(two, aVirtualService({ hosts: ["checkout"], http }));
    expect(planText(planFor(view, aRequest({ port: 81 })))).toBe("checkout-canary:100:1");
    expect(planText(planFor(view, aRequest({ port: 82 })))).toBe("?:100:0");
  });
});
