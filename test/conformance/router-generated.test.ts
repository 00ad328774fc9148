import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROLLOUT } from "../../src/api/resource.ts";
import type { VirtualService } from "../../src/kube/kind/network.ts";
import { DESTINATION_RULE, SERVICE, VIRTUAL_SERVICE } from "../../src/kube/resources.ts";
import { IstioRouter } from "../../src/router/istio/istio.ts";
import { type AdapterWorld, rejectionOf } from "../support/adapter-world.ts";
import { contextOf, NONE, RouterBench } from "../support/router-bench.ts";

const NAME = "checkout";

/** Routes that we make, and keep as we made them. */
describe("generated routes", () => {
  let bench: RouterBench;
  let world: AdapterWorld;
  let subject: ReturnType<typeof hands>;

  beforeEach(async () => {
    bench = await RouterBench.create((it) => new IstioRouter({ client: it.client, ...it.caches }));
    ({ world } = bench);
    subject = hands(world);
  });
  afterEach(() => bench.stop());

  it("are missing at first, and are made with everything on the primary", async () => {
    expect(bench.routing()).toEqual({ kind: "missing" });
    await bench.do((it, context) => it.ensureRoutes(context));
    expect(bench.routing()).toEqual({ kind: "present", traffic: NONE, inSync: true });
    expect(await subject.read()).toEqual({ primary: 100, canary: 0, mirror: 0 });
  });

  it("are put right without touching weights and mirror", async () => {
    await bench.install({ ...NONE, canaryWeight: 25, shadowPercent: 40 });
    const before = await subject.spec();
    await subject.tamper();
    await world.advance();
    expect(bench.routing()).toMatchObject({
      inSync: false,
      drift: expect.stringMatching(/default\/checkout/),
    });
    await bench.do((it, context) => it.ensureRoutes(context));
    expect(await subject.spec()).toEqual(before);
    expect(bench.routing()).toMatchObject({
      inSync: true,
      traffic: { canaryWeight: 25, shadowPercent: 40, reserved: false },
    });
  });

  it("follow the spec without touching weights", async () => {
    await bench.install({ ...NONE, canaryWeight: 25, shadowPercent: 0 });
    const { spec } = bench.context;
    bench.context = { ...bench.context, spec: { ...spec, service: { ...spec.service, port: 8080 } } };
    await bench.do((it, context) => it.ensureServices(context));
    await bench.do((it, context) => it.ensureRoutes(context));
    expect(await subject.read()).toEqual({ primary: 75, canary: 25, mirror: 0 });
    expect(bench.services()).toMatchObject({ primary: { inSync: true }, canary: { inSync: true } });
    expect((await world.find(SERVICE, "checkout-canary"))?.spec.ports?.[0]?.port).toBe(8080);
  });

  it("go back to weight 0 with one write when all else is gone", async () => {
    await bench.install({ ...NONE, canaryWeight: 50, shadowPercent: 0 });
    await subject.removeCompanions();
    for (const name of ["checkout", "checkout-primary", "checkout-canary"]) await world.remove(SERVICE, name);
    await bench.set({ canaryWeight: 0 });
    expect(world.writes()).toHaveLength(1);
    expect(await subject.read()).toEqual({ primary: 100, canary: 0, mirror: 0 });
  });

  it("go back to weight 0 whatever was done to the object", async () => {
    await bench.install({ ...NONE, canaryWeight: 50, shadowPercent: 100 });
    await subject.wreck();
    await world.advance();
    await bench.set({ canaryWeight: 0 });
    expect(await subject.read()).toEqual({ primary: 100, canary: 0, mirror: 0 });
    await subject.remove();
    await world.advance();
    await bench.set({ canaryWeight: 0 });
    expect(await subject.read()).toEqual({ primary: 100, canary: 0, mirror: 0 });
  });

  it("of somebody else are left alone, and said to be in the way", async () => {
    const spec = await subject.occupy();
    await world.advance();
    const now = bench.routing();
    expect(now).toMatchObject({ kind: "present", inSync: false });
    expect(now.kind === "present" && now.drift).toContain("was not made by Rollout checkout");
    expect(await rejectionOf(bench.do((it, context) => it.ensureRoutes(context)))).toMatchObject({
      code: "ForeignObject",
    });
    expect(await rejectionOf(bench.set({ canaryWeight: 25 }))).toMatchObject({ code: "ForeignObject" });
    await bench.do((it, context) => it.removeRoutes(context));
    expect(await subject.spec()).toEqual(spec);
  });

  it("that a deleted Rollout left behind belong to the next one of its name, and go with it", async () => {
    await bench.install({ ...NONE, canaryWeight: 25, shadowPercent: 0 });
    const key = { namespace: "default", name: "checkout" };
    await world.settled(world.admin.delete(ROLLOUT, key, { propagation: "Orphan" }));
    await world.advance(5);
    bench.context = contextOf(await world.rollout());
    expect(bench.routing()).toMatchObject({ inSync: false, traffic: { canaryWeight: 25 } });
    await bench.do((it, context) => it.ensureServices(context));
    await bench.do((it, context) => it.ensureRoutes(context));
    expect(bench.routing()).toMatchObject({ inSync: true, traffic: { canaryWeight: 25 } });
    await world.remove(ROLLOUT, "checkout");
    await world.advance(5);
    expect(bench.routing()).toEqual({ kind: "missing" });
    expect(bench.services()).toMatchObject({
      apex: { exists: true },
      primary: { exists: false },
      canary: { exists: false },
    });
  });

  it("are removed, once", async () => {
    await bench.install();
    await bench.do((it, context) => it.removeRoutes(context));
    expect(await subject.read()).toBeNull();
    expect(bench.routing()).toEqual({ kind: "missing" });
    world.writes();
    await bench.do((it, context) => it.removeRoutes(context));
    expect(world.writes()).toEqual([]);
  });
});

/** Reach past the router to its routing objects. */
function hands(world: AdapterWorld) {
  const virtualService = () => world.find(VIRTUAL_SERVICE, NAME);
  const change = async (http: unknown) => {
    await world.change(VIRTUAL_SERVICE, NAME, { spec: { http } });
  };
  return {
    read: async () => {
      const found = await virtualService();
      return found === null ? null : readRoute(found);
    },
    tamper: async () => {
      const [route] = (await virtualService())?.spec.http ?? [];
      await change([
        { ...route, timeout: "1s", fault: { abort: { httpStatus: 500, percentage: { value: 1 } } } },
      ]);
    },
    wreck: () => change([]),
    removeCompanions: async () => {
      for (const side of ["primary", "canary"]) await world.remove(DESTINATION_RULE, `${NAME}-${side}`);
    },
    remove: () => world.remove(VIRTUAL_SERVICE, NAME),
    occupy: async () => {
      const spec = { hosts: ["elsewhere"], http: [{ route: [{ destination: { host: "elsewhere" } }] }] };
      await world.settled(
        world.admin.create(VIRTUAL_SERVICE, {
          apiVersion: "networking.istio.io/v1",
          kind: "VirtualService",
          metadata: { name: NAME, namespace: "default" },
          spec,
        }),
      );
      return spec;
    },
    spec: async () => (await virtualService())?.spec,
  };
}

/** Strictly: one route, two destinations by their hosts, weights written out. */
function readRoute({ spec }: VirtualService): {
  readonly primary: number;
  readonly canary: number;
  readonly mirror: number;
} {
  const weighted = (spec.http ?? []).filter(({ name }) => name === undefined);
  const mirroring = spec.http?.find(({ name }) => name === "sluice-checkout-mirror");
  const [route, ...others] = weighted;
  const weights = new Map(route?.route?.map(({ destination, weight }) => [destination.host, weight]));
  const primary = weights.get(`${NAME}-primary`);
  const canary = weights.get(`${NAME}-canary`);
  if (others.length > 0 || weights.size !== 2 || primary === undefined || canary === undefined) {
    throw new Error(`not a split between the two sides: ${JSON.stringify(spec)}`);
  }
  return { primary, canary, mirror: mirroring?.mirrorPercentage?.value ?? 0 };
}
