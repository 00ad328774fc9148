import { describe, expect, it } from "vitest";
import { aVirtualService } from "../../../test/support/mesh-objects.ts";
import { aRequest, planText, viewOf } from "../../../test/support/mesh-view.ts";
import type { HttpMatchRequest, HttpRoute, VirtualService } from "./istio.ts";
import { planFor } from "./route.ts";

const PRIMARY: HttpRoute = { route: [{ destination: { host: "checkout-primary" } }] };
const CANARY: HttpRoute = { route: [{ destination: { host: "checkout-canary" } }] };

const root = (...http: readonly HttpRoute[]) => aVirtualService({ hosts: ["checkout"], http }, "root");
const delegate = (http: readonly HttpRoute[], spec: VirtualService["spec"] = {}) =>
  aVirtualService({ ...spec, http }, "part");

const TO_PART: HttpRoute = { delegate: { name: "part" } };

function planned(objects: readonly VirtualService[], path = "/", headers = {}): string {
  return planText(planFor(viewOf(...objects), aRequest({ path, headers })));
}

describe("a delegate", () => {
  it("has its routes where the root says", () => {
    const objects = [root({ match: [{ uri: { prefix: "/pay" } }], ...TO_PART }, PRIMARY), delegate([CANARY])];
    expect(planned(objects, "/pay/now")).toBe("checkout-canary:100:1");
    expect(planned(objects, "/")).toBe("checkout-primary:100:2");
  });

  it("narrows what the root takes, and leaves the rest to the routes that follow", () => {
    const beta: HttpMatchRequest = { headers: { beta: { exact: "yes" } } };
    const objects = [
      root({ match: [{ uri: { prefix: "/pay" } }], ...TO_PART }, PRIMARY),
      delegate([{ match: [beta], ...CANARY }]),
    ];
    expect(planned(objects, "/pay", { beta: "yes" })).toBe("checkout-canary:100:1");
    expect(planned(objects, "/pay")).toBe("checkout-primary:100:2");
    expect(planned(objects, "/", { beta: "yes" })).toBe("checkout-primary:100:2");
  });

  it.each<[string, HttpMatchRequest, HttpMatchRequest]>([
    ["another prefix", { uri: { prefix: "/pay" } }, { uri: { prefix: "/cart" } }],
    ["a wider prefix", { uri: { prefix: "/pay/now" } }, { uri: { prefix: "/pay" } }],
    ["a prefix of an exact path", { uri: { exact: "/pay" } }, { uri: { prefix: "/pay" } }],
    ["a regex beside any other", { uri: { prefix: "/pay" } }, { uri: { regex: "/pay.*" } }],
    ["another method", { method: { exact: "GET" } }, { method: { exact: "POST" } }],
    ["another header", { headers: { a: { exact: "1" } } }, { headers: { a: { exact: "2" } } }],
    ["another port", { port: 80 }, { port: 81 }],
    ["another case", { uri: { prefix: "/pay" }, ignoreUriCase: true }, { uri: { prefix: "/pay/now" } }],
  ])("is left out with %s", (_, wide, narrow) => {
    const objects = [
      root({ match: [wide], ...TO_PART }, PRIMARY),
      delegate([{ match: [narrow], ...CANARY }]),
    ];
    for (const path of ["/pay", "/pay/now", "/cart"]) {
      expect(planned(objects, path, { a: "2" })).toBe("checkout-primary:100:2");
    }
  });

  it("takes the root's policies where it has none of its own", () => {
    const timed = (own: HttpRoute) =>
      planFor(viewOf(root({ ...TO_PART, timeout: "2s" }), delegate([{ ...CANARY, ...own }])), aRequest());
    expect(timed({})).toMatchObject({ timeoutMs: 2_000 });
    expect(timed({ timeout: "5s" })).toMatchObject({ timeoutMs: 5_000 });
  });

  it("that is missing, has hosts, or is not exported leaves a gap, and others stay", () => {
    const rest = root(TO_PART, PRIMARY);
    const parts = [
      [],
      [delegate([CANARY], { hosts: ["elsewhere"] })],
      [delegate([CANARY], { exportTo: ["infra"] })],
    ];
    for (const part of parts) expect(planned([rest, ...part])).toBe("checkout-primary:100:2");
    expect(planned([root(TO_PART)])).toBe("404 NR");
    expect(planned([rest, delegate([CANARY], { exportTo: ["."] })])).toBe("checkout-canary:100:1");
  });

  it("may be in another namespace; its short names are Services there", () => {
    const part = delegate([{ route: [{ destination: { host: "checkout-canary" } }] }]);
    const there = { ...part, metadata: { ...part.metadata, namespace: "infra" } };
    const objects = [root({ delegate: { name: "part", namespace: "infra" } }), there];
    const plan = planFor(viewOf(...objects), aRequest());
    expect(plan).toMatchObject({
      destinations: [{ cluster: { host: "checkout-canary.infra.svc.cluster.local", service: null } }],
    });
  });
});
