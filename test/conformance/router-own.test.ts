import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VirtualService } from "../../src/kube/kind/network.ts";
import { SERVICE, VIRTUAL_SERVICE } from "../../src/kube/resources.ts";
import { IstioRouter } from "../../src/router/istio/istio.ts";
import { type AdapterWorld, rejectionOf } from "../support/adapter-world.ts";
import { NONE, RouterBench } from "../support/router-bench.ts";

type Http = NonNullable<VirtualService["spec"]["http"]>;

const SPLIT: Http = [
  {
    name: "main",
    route: [
      { destination: { host: "checkout-primary" }, weight: 100 },
      { destination: { host: "checkout-canary" }, weight: 0 },
    ],
  },
];

/** Of `own-routes.ts`, what the suite of all routers does not ask. */
describe("VirtualServices of the user", () => {
  let bench: RouterBench;
  let world: AdapterWorld;

  beforeEach(async () => {
    bench = await RouterBench.create((it) => new IstioRouter({ client: it.client, ...it.caches }), {
      spec: { traffic: { istio: { virtualServices: [{ name: "a" }, { name: "b", routes: ["main"] }] } } },
      prepare: async (it) => {
        for (const name of ["a", "b"]) await it.settled(it.admin.create(VIRTUAL_SERVICE, named(name, SPLIT)));
        await it.advance();
      },
    });
    ({ world } = bench);
    await bench.install();
  });
  afterEach(() => bench.stop());

  async function weights(name: string): Promise<readonly (number | undefined)[]> {
    const found = await world.find(VIRTUAL_SERVICE, name);
    return found?.spec.http?.at(-1)?.route?.map(({ weight }) => weight) ?? [];
  }

  async function change(name: string, http: unknown): Promise<void> {
    await world.change(VIRTUAL_SERVICE, name, { spec: { http } });
    await world.advance();
  }

  it("are split alike, and told when they are not", async () => {
    await bench.set({ canaryWeight: 25 });
    expect([await weights("a"), await weights("b")]).toEqual([
      [75, 25],
      [75, 25],
    ]);
    await change("b", SPLIT);
    expect(bench.routing()).toMatchObject({ traffic: { canaryWeight: 25 } });
    expect(bench.routing()).toHaveProperty("uneven", expect.stringContaining("VirtualService default/b 0 %"));
    await bench.set({ canaryWeight: 25 });
    expect(bench.routing()).not.toHaveProperty("uneven");
  });

  it("are all sent to weight 0, also when one of them cannot be written", async () => {
    await bench.set({ canaryWeight: 25 });
    // Not in our cache yet: writing it is a conflict.
    const unseen = world.change(VIRTUAL_SERVICE, "a", { metadata: { labels: { touched: "yes" } } });
    expect(await rejectionOf(bench.set(NONE))).toMatchObject({ status: { code: 409 } });
    await unseen;
    expect(await weights("b")).toEqual([100, 0]);
    await bench.set(NONE);
    expect(await weights("a")).toEqual([100, 0]);
  });

  it.each([
    ["is missing", null, "does not exist: make it, or take it out"],
    ["has not that name", [{ ...SPLIT[0], name: "other" }], "no http route has the name main"],
    [
      "sends elsewhere",
      [{ name: "main", route: [{ destination: { host: "elsewhere" } }] }],
      "route main does not send to checkout-primary",
    ],
    [
      "is one of two ways to the canary",
      [...SPLIT, { name: "testers", route: [{ destination: { host: "checkout-canary" } }] }],
      "route testers sends to checkout-canary, which has no pods between runs",
    ],
  ])("say what is wrong when a route %s; weight 0 can be set meanwhile", async (_what, http, problem) => {
    await bench.set({ canaryWeight: 25 });
    if (http === null) await world.remove(VIRTUAL_SERVICE, "b");
    else await change("b", http);
    expect(bench.routing()).toHaveProperty("problem", expect.stringContaining(problem));
    expect(bench.routing()).toHaveProperty("problem", expect.stringContaining("VirtualService default/b"));
    await bench.set(NONE);
    expect(await weights("a")).toEqual([100, 0]);
  });

  it("must say which of several routes to the primary are to be split", async () => {
    const [route] = [{ route: [{ destination: { host: "checkout" } }] }];
    await change("a", [{ ...route, name: "x" }, route]);
    expect(bench.routing()).toHaveProperty(
      "problem",
      expect.stringContaining("2 routes send to the primary (route x, http[1]): say by `routes`"),
    );
  });

  it("lose the canary in a route that was renamed during a run, too", async () => {
    bench.beginRun();
    await bench.set({ canaryWeight: 25 });
    const during = (await world.find(VIRTUAL_SERVICE, "b"))?.spec.http ?? [];
    await change("b", [{ ...during[0], name: "renamed" }]);
    expect(bench.routing()).toMatchObject({ traffic: { canaryWeight: 25 } });
    await bench.set(NONE);
    expect(await weights("b")).toEqual([100, 0]);
  });

  it("go on being served by the target when the Rollout is gone, by the Services that they name", async () => {
    await bench.do((router, context) => router.pointApex(context, "target"));
    await bench.do((router, context) => router.removeRoutes(context));
    await bench.do((router, context) => router.removeServices(context));
    for (const name of ["checkout-primary", "checkout-canary"]) {
      const service = await world.find(SERVICE, name);
      expect(service?.spec.selector).toEqual({ app: "checkout" });
      expect(service?.metadata.ownerReferences).toBeUndefined();
    }
    // Adopted again, they select the primary only when that is to serve.
    await bench.do((router, context) => router.ensureServices(context));
    expect((await world.find(SERVICE, "checkout-primary"))?.spec.selector).toEqual({ app: "checkout" });
    await bench.do((router, context) => router.pointApex(context, "primary"));
    expect((await world.find(SERVICE, "checkout-primary"))?.spec.selector).toEqual({
      app: "checkout-primary",
    });
  });
});

function named(name: string, http: Http): VirtualService {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace: "default" },
    spec: { hosts: [`${name}.example.com`], http },
  };
}
