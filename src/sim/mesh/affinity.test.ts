import { describe, expect, it } from "vitest";
import { aVirtualService } from "../../../test/support/mesh-objects.ts";
import { aMesh, weights, within } from "../../../test/support/small-mesh.ts";

const CANARY = { namespace: "shop", workload: "checkout" };
const PRIMARY = { namespace: "shop", workload: "checkout-primary" };

/** Who was given an arm's cookie stays with it; the others go by weight. */
function sticky(canary: number) {
  const route = (host: string, weight: number, cookie: string) => ({
    destination: { host },
    weight,
    headers: { response: { add: { "Set-Cookie": `${cookie}; Max-Age=300; Path=/` } } },
  });
  const assigned = (cookie: string, host: string) => ({
    match: [{ headers: { cookie: { regex: `(.*;)?\\s*${cookie}(;.*)?` } } }],
    route: [{ destination: { host } }],
  });
  return aVirtualService({
    hosts: ["checkout"],
    http: [
      assigned("arm=canary", "checkout-canary"),
      assigned("arm=primary", "checkout-primary"),
      {
        route: [
          route("checkout-primary", 100 - canary, "arm=primary"),
          route("checkout-canary", canary, "arm=canary"),
        ],
      },
    ],
  });
}

describe("session affinity by cookie", () => {
  it("keeps clients where they were first sent, and sends the newcomers by weight", async () => {
    const { clock, fed, mesh } = aMesh({ traffic: { clients: { count: 1_000, stayMs: 20_000 } } });
    fed.put(sticky(25));
    await clock.advance(150_000);
    const { clients } = mesh.truth;
    const toCanary = clients.firstServed(CANARY);
    const newcomers = toCanary + clients.firstServed(PRIMARY);
    // 1000 at first, and 50 a second after that; some leave before their first request.
    expect(newcomers).toBeGreaterThan(6_000);
    within(toCanary / newcomers, 0.25, 0.02);
    expect(clients.moved(CANARY, PRIMARY)).toBe(0);
    expect(clients.moved(PRIMARY, CANARY)).toBe(0);
  });

  it("is not there without cookies: clients go to and fro", async () => {
    const { clock, fed, mesh } = aMesh({ traffic: { clients: { count: 100, stayMs: null } } });
    fed.put(weights(25));
    await clock.advance(10_000);
    expect(mesh.truth.clients.moved(CANARY, PRIMARY)).toBeGreaterThan(100);
  });

  it("ends with the cookie", async () => {
    const { clock, fed, mesh } = aMesh({ traffic: { clients: { count: 200, stayMs: null } } });
    fed.put(sticky(50));
    await clock.advance(30_000);
    expect(mesh.truth.clients.moved(CANARY, PRIMARY)).toBe(0);
    await clock.advance(320_000);
    expect(mesh.truth.clients.moved(CANARY, PRIMARY)).toBeGreaterThan(20);
  });
});

describe("a mix of methods", () => {
  it("comes as it is asked for, and each is routed by itself", async () => {
    const { clock, fed, mesh } = aMesh({ traffic: { method: { GET: 9, POST: 1 } } });
    fed.put(
      aVirtualService({
        hosts: ["checkout"],
        http: [
          { match: [{ method: { exact: "POST" } }], route: [{ destination: { host: "checkout-canary" } }] },
          { route: [{ destination: { host: "checkout-primary" } }] },
        ],
      }),
    );
    await clock.advance(60_000);
    const posts = mesh.truth.requestsTo({ ...CANARY, method: "POST" });
    within(posts / mesh.truth.userRequests(), 0.1, 0.01);
    expect(mesh.truth.requestsTo(CANARY)).toBe(posts);
    expect(mesh.truth.requestsTo({ ...PRIMARY, method: "POST" })).toBe(0);
    expect(mesh.truth.requestsTo({ ...PRIMARY, source: "web-0" })).toBe(mesh.truth.requestsTo(PRIMARY));
    expect(mesh.truth.requestsTo({ ...PRIMARY, source: "elsewhere" })).toBe(0);
  });
});
