import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Rollout } from "../../src/api/rollout.ts";
import type { Service } from "../../src/kube/kind/network.ts";
import { SERVICE } from "../../src/kube/resources.ts";
import { IstioRouter } from "../../src/router/istio/istio.ts";
import type { Router } from "../../src/router/router.ts";
import { ServiceSet } from "../../src/router/services.ts";
import { type AdapterWorld, rejectionOf } from "../support/adapter-world.ts";
import { RouterBench } from "../support/router-bench.ts";

/** Two Services and the apex; the same for every router. */
describe("Services", () => {
  let bench: RouterBench;
  let world: AdapterWorld;
  let router: Router;

  beforeEach(async () => {
    bench = await RouterBench.create((it) => new IstioRouter({ client: it.client, ...it.caches }));
    ({ world, router } = bench);
  });
  afterEach(() => bench.stop());

  async function service(of: string): Promise<Service | null> {
    return world.find(SERVICE, of);
  }

  async function deploy(of: string): Promise<void> {
    await world.settled(world.cluster.deploy(of, "shop/checkout:v1", { replicas: 2 }));
    await world.advance(5);
  }

  it("are made; the apex selects the target until traffic was moved", async () => {
    expect(bench.services().apex).toEqual({
      exists: false,
      pinnedHash: null,
      selects: "nothing",
      readyEndpoints: 0,
      inSync: false,
    });
    await bench.do(() => router.ensureServices(bench.context));
    expect(bench.services()).toMatchObject({
      apex: { exists: true, selects: "target", inSync: true },
      primary: { exists: true, selects: "primary", inSync: true },
      canary: { exists: true, selects: "target", inSync: true },
    });
  });

  it("that somebody deletes come back as they belong", async () => {
    await bench.install();
    for (const name of ["checkout", "checkout-canary"]) await world.remove(SERVICE, name);
    const status = {
      phase: "Progressing",
      canaryWeight: 0,
      promoted: { revision: "old", images: [], at: "2026-01-05T09:00:00Z" },
      run: { revision: "new" },
    } as unknown as NonNullable<Rollout["status"]>;
    bench.context = { ...bench.context, rollout: { ...bench.context.rollout, status } };
    await bench.do(() => router.ensureServices(bench.context));
    expect(bench.services()).toMatchObject({
      apex: { selects: "primary", inSync: true },
      canary: { selects: "target", pinnedHash: "new", inSync: true },
    });
  });

  it("that somebody changes are put right, and a pin is kept", async () => {
    await bench.install();
    await bench.do(() => router.pinCanary(bench.context, "7d9f"));
    await world.change(SERVICE, "checkout-canary", { spec: { ports: [{ name: "http", port: 81 }] } });
    await world.change(SERVICE, "checkout-primary", { spec: { selector: { app: "elsewhere" } } });
    await world.advance();
    expect(bench.services()).toMatchObject({
      canary: { inSync: false },
      primary: { inSync: false, selects: "other" },
    });
    await bench.do(() => router.ensureServices(bench.context));
    expect(bench.services()).toMatchObject({
      canary: { inSync: true, pinnedHash: "7d9f" },
      primary: { inSync: true, selects: "primary" },
    });
  });

  it("of somebody else are not taken for the primary's or the canary's", async () => {
    const foreign: Service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "checkout-canary", namespace: "default" },
      spec: { selector: { app: "batch" }, ports: [{ port: 80 }] },
    };
    await world.settled(world.admin.create(SERVICE, foreign));
    await world.advance();
    expect(bench.services().canary).toMatchObject({ exists: true, selects: "other", inSync: false });
    for (const write of [
      () => router.ensureServices(bench.context),
      () => router.pinCanary(bench.context, "7d9f"),
    ]) {
      expect(await rejectionOf(world.settled(write()))).toMatchObject({ code: "ForeignObject" });
    }
    await bench.do(() => router.removeServices(bench.context));
    expect((await service("checkout-canary"))?.spec.selector).toEqual({ app: "batch" });
  });

  it("pin the canary to one revision with one write, and count its pods alone", async () => {
    await bench.install();
    await deploy("checkout");
    const [old] = await world.cluster.replicaSets();
    await world.settled(world.cluster.setDeploymentImage("checkout", "shop/checkout:v2"));
    await world.advance(10);
    const hash = (await world.cluster.replicaSets()).find((it) => it !== old && it.spec.replicas > 0)
      ?.metadata.labels?.["pod-template-hash"];
    if (hash === undefined) throw new Error("the Deployment made no ReplicaSet");
    world.writes();
    await bench.do(() => router.pinCanary(bench.context, hash));
    expect(world.writes()).toHaveLength(1);
    await bench.do(() => router.pinCanary(bench.context, hash));
    expect(world.writes()).toEqual([]);
    await world.advance();
    expect(bench.services().canary).toMatchObject({ pinnedHash: hash, readyEndpoints: 2 });
    await bench.do(() => router.pinCanary(bench.context, "nothing"));
    expect(bench.services().canary).toMatchObject({ pinnedHash: "nothing", readyEndpoints: 0 });
  });

  it("point the apex at the side that is named, with one write", async () => {
    await bench.install();
    await deploy("checkout-primary");
    for (const [side, endpoints] of [
      ["primary", 2],
      ["target", 0],
    ] as const) {
      world.writes();
      await bench.do(() => router.pointApex(bench.context, side));
      expect(world.writes()).toHaveLength(1);
      await bench.do(() => router.pointApex(bench.context, side));
      expect(world.writes()).toEqual([]);
      await world.advance();
      expect(bench.services().apex).toMatchObject({ selects: side, readyEndpoints: endpoints });
    }
  });

  it("adopt an apex that was there, and give it back as it was", async () => {
    await world.settled(
      world.admin.create(SERVICE, {
        apiVersion: "v1",
        kind: "Service",
        metadata: {
          name: "checkout",
          namespace: "default",
          labels: { team: "shop" },
          annotations: { "example.com/note": "ours" },
        },
        spec: {
          selector: { app: "checkout", tier: "web" },
          ports: [
            { name: "http", port: 80, targetPort: "http" },
            { name: "admin", port: 9090, targetPort: 9091 },
          ],
        },
      }),
    );
    await world.advance();
    const before = await service("checkout");
    await bench.install();
    expect(bench.services().apex).toMatchObject({ exists: true, selects: "target", inSync: true });
    expect(bench.routing()).toMatchObject({ inSync: true });
    for (const side of ["checkout-primary", "checkout-canary"]) {
      expect((await service(side))?.spec.ports).toEqual(before?.spec.ports);
    }
    await bench.do(() => router.pointApex(bench.context, "primary"));
    expect(world.writes()).toHaveLength(1);
    const during = await service("checkout");
    expect(during?.spec).toEqual({ ...before?.spec, selector: { app: "checkout-primary" } });
    expect(during?.metadata.labels).toEqual({ team: "shop" });
    await bench.do(() => router.pointApex(bench.context, "target"));
    const after = await service("checkout");
    expect(after?.spec).toEqual(before?.spec);
    expect(after?.metadata.labels).toEqual(before?.metadata.labels);
    expect(after?.metadata.annotations).toEqual(before?.metadata.annotations);
    expect(after?.metadata.ownerReferences).toBeUndefined();
  });

  it("tell by themselves what to select when target and primary are gone", async () => {
    await bench.install();
    const { context } = bench;
    const services = new ServiceSet({ client: world.client, ...world.caches });
    await bench.do(() => router.pinCanary(context, "5d4f7"));
    await bench.do(() => router.pointApex(context, "primary"));
    const nobody = { ...context, selectors: { target: {}, primary: {} } };
    await bench.do(() => router.pointApex(nobody, "primary"));
    expect((await service("checkout"))?.spec.selector).toEqual({ app: "checkout-primary" });
    await bench.do(() => router.pointApex(nobody, "target"));
    await bench.do(() => services.giveAway(nobody, ["checkout-primary", "checkout-canary"]));
    for (const name of ["checkout", "checkout-primary", "checkout-canary"])
      expect((await service(name))?.spec.selector).toEqual({ app: "checkout" });
  });

  it("are removed but for the apex, which nobody collects when the Rollout is gone", async () => {
    await bench.install();
    await bench.do(() => router.pointApex(bench.context, "target"));
    await bench.do(() => router.removeServices(bench.context));
    expect(bench.services()).toMatchObject({
      apex: { exists: true, selects: "target" },
      primary: { exists: false },
      canary: { exists: false },
    });
    expect((await service("checkout"))?.metadata.ownerReferences).toBeUndefined();
    world.writes();
    await bench.do(() => router.removeServices(bench.context));
    expect(world.writes()).toEqual([]);
  });
});
