import { describe, expect, it } from "vitest";
import { aSlice } from "../../../test/support/mesh-objects.ts";
import { aMesh, CANARY, weights } from "../../../test/support/small-mesh.ts";
import { evenLag } from "./lag.ts";

const shop = (workload: string) => ({ namespace: "shop", workload });

describe("what proxies know", () => {
  it("comes to each of them in its own time, within the range", async () => {
    const { clock, fed, mesh } = aMesh({ traffic: { from: { ...FROM, replicas: 20 } } });
    fed.put(weights(0));
    await clock.advance(1_000);
    const changedAt = clock.now();
    mesh.setLag({ ...evenLag(0), routes: { minMs: 5_000, maxMs: 25_000 } });
    fed.put(weights(100));
    const perSecond: number[] = [];
    for (let second = 0; second < 30; second++) {
      const fromMs = clock.now();
      await clock.advance(1_000);
      perSecond.push(mesh.truth.requestsTo({ ...shop("checkout"), fromMs }) / 500);
    }
    expect(mesh.truth.requestsTo({ ...shop("checkout"), toMs: changedAt + 5_000 })).toBe(0);
    expect(perSecond[14]).toBeGreaterThan(0.2);
    expect(perSecond[14]).toBeLessThan(0.8);
    expect(perSecond[27]).toBeGreaterThan(0.9);
  });

  it("may be a new route before its endpoints: requests go to an empty Service", async () => {
    const { clock, fed, mesh } = aMesh();
    fed.put(weights(0), aSlice("checkout-canary", []));
    await clock.advance(1_000);
    mesh.setLag({ ...evenLag(0), endpoints: { minMs: 10_000, maxMs: 10_000 } });
    fed.put(aSlice("checkout-canary", CANARY), weights(100));
    await clock.advance(9_000);
    expect(mesh.truth.requestsTo(shop("checkout"))).toBe(0);
    expect(mesh.truth.userErrors()).toBeGreaterThan(4_000);
    await clock.advance(2_000);
    expect(mesh.truth.requestsTo(shop("checkout"))).toBeGreaterThan(300);
  });

  it("is each proxy's own report: one page of metrics for each, gone with it", async () => {
    const { clock, mesh } = aMesh({ traffic: { from: { ...FROM, replicas: 3 } } });
    await clock.advance(5_000);
    const pods = () => [
      ...new Set([...mesh.metricsText().matchAll(/reporter="source".*pod="([^"]+)"/g)].map(([, pod]) => pod)),
    ];
    expect(pods()).toEqual(["web-0", "web-0-1", "web-0-2"]);
    mesh.setTraffic("web-0", { host: "checkout", rps: 500, from: FROM });
    expect(pods()).toEqual(["web-0"]);
  });
});

const FROM = { workload: "web", namespace: "shop", labels: { app: "web" } };
