import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROLLOUT } from "../../src/api/resource.ts";
import type { Rollout } from "../../src/api/rollout.ts";
import { isConflict } from "../../src/kube/api-error.ts";
import type { Service } from "../../src/kube/kind/network.ts";
import { SERVICE } from "../../src/kube/resources.ts";
import type { RouteContext, Router, Routing, Services, Traffic } from "../../src/router/router.ts";
import { AdapterWorld, rejectionOf } from "../support/adapter-world.ts";
import { POD_FACTS } from "../support/rollout-objects.ts";

/** A router, and hands that reach past it to its routing objects. */
export interface RouterUnderTest {
  readonly router: Router;
  /** What the routing object itself says: the weights of the two sides and the mirror, or null when it is missing. */
  read(): Promise<{ readonly primary: number; readonly canary: number; readonly mirror: number } | null>;
  /** Changes the routing object, not its weights, as somebody with an editor would. */
  tamper(): Promise<void>;
  /** Sets a label of the routing object with one request, which is under way when this returns. */
  touch(): Promise<void>;
  /** Empties the routing object, as far as its API lets one. */
  wreck(): Promise<void>;
  /** Deletes what the routing object goes with (policies and the like). */
  removeCompanions(): Promise<void>;
  /** Deletes the routing object. */
  remove(): Promise<void>;
  /** Makes an object of the routing object's name that belongs to somebody else; answers its spec. */
  occupy(): Promise<unknown>;
  /** The spec of the routing object as it stands. */
  spec(): Promise<unknown>;
}

const NONE: Traffic = { canaryWeight: 0, shadowPercent: 0, reserved: false };

/** What every member of the router family promises, on the embedded cluster. */
export function routerContract(name: string, create: (world: AdapterWorld) => RouterUnderTest): void {
  describe(`${name} as a router`, () => {
    let world: AdapterWorld;
    let subject: RouterUnderTest;
    let router: Router;
    let context: RouteContext;

    beforeEach(async () => {
      world = await new AdapterWorld().start();
      subject = create(world);
      router = subject.router;
      context = contextOf(await world.rollout());
    });
    afterEach(() => world.stop());

    function contextOf(rollout: Rollout): RouteContext {
      return {
        rollout,
        spec: rollout.spec,
        selectors: { target: { app: "checkout" }, primary: { app: "checkout-primary" } },
        pods: POD_FACTS,
      };
    }

    function routing(): Routing {
      return router.observe(context).routing;
    }

    function services(): Services {
      return router.observe(context).services;
    }

    /** Services and routes as at the end of initialising; nothing of it counts as written. */
    async function install(traffic: Traffic = NONE): Promise<void> {
      await world.settled(router.ensureServices(context));
      await world.settled(router.ensureRoutes(context));
      await world.settled(router.setTraffic(context, traffic));
      await world.advance();
      world.writes();
    }

    async function set(canaryWeight: number, shadowPercent = 0): Promise<void> {
      await world.settled(router.setTraffic(context, { canaryWeight, shadowPercent, reserved: false }));
    }

    async function service(of: string): Promise<Service | null> {
      return world.find(SERVICE, of);
    }

    async function deploy(of: string): Promise<void> {
      await world.settled(world.cluster.deploy(of, "shop/checkout:v1", { replicas: 2 }));
      await world.advance(5);
    }

    describe("routes", () => {
      it("are missing at first, and are made with everything on the primary", async () => {
        expect(routing()).toEqual({ kind: "missing" });
        await world.settled(router.ensureRoutes(context));
        expect(routing()).toEqual({ kind: "present", traffic: NONE, inSync: true });
        expect(await subject.read()).toEqual({ primary: 100, canary: 0, mirror: 0 });
      });

      it("are written once", async () => {
        await install();
        await world.settled(router.ensureRoutes(context));
        await world.settled(router.ensureServices(context));
        await set(0);
        expect(world.writes()).toEqual([]);
      });

      it("take weights and mirror with one write each time, and none for what they say already", async () => {
        await install();
        for (const [canary, mirror] of [
          [0, 100],
          [5, 0],
          [50, 0],
          [100, 0],
          [0, 0],
        ] as const) {
          await set(canary, mirror);
          expect(world.writes()).toHaveLength(1);
          await set(canary, mirror);
          expect(world.writes()).toEqual([]);
          expect(await subject.read()).toEqual({ primary: 100 - canary, canary, mirror });
          expect(routing()).toEqual({
            kind: "present",
            traffic: { canaryWeight: canary, shadowPercent: mirror, reserved: false },
            inSync: true,
          });
        }
      });

      it("are put right without touching weights and mirror", async () => {
        await install({ canaryWeight: 25, shadowPercent: 40, reserved: false });
        const before = await subject.spec();
        await subject.tamper();
        await world.advance();
        expect(routing()).toMatchObject({ inSync: false, drift: expect.stringMatching(/default\/checkout/) });
        await world.settled(router.ensureRoutes(context));
        expect(await subject.spec()).toEqual(before);
        expect(routing()).toMatchObject({
          inSync: true,
          traffic: { canaryWeight: 25, shadowPercent: 40, reserved: false },
        });
      });

      it("follow the spec without touching weights", async () => {
        await install({ canaryWeight: 25, shadowPercent: 0, reserved: false });
        const changed = { ...context.spec, service: { ...context.spec.service, port: 8080 } };
        context = { ...context, spec: changed };
        await world.settled(router.ensureServices(context));
        await world.settled(router.ensureRoutes(context));
        expect(await subject.read()).toEqual({ primary: 75, canary: 25, mirror: 0 });
        expect(services()).toMatchObject({ primary: { inSync: true }, canary: { inSync: true } });
        expect((await service("checkout-canary"))?.spec.ports?.[0]?.port).toBe(8080);
      });

      it("go back to weight 0 with one write when all else is gone", async () => {
        await install({ canaryWeight: 50, shadowPercent: 0, reserved: false });
        await subject.removeCompanions();
        for (const name of ["checkout", "checkout-primary", "checkout-canary"])
          await world.remove(SERVICE, name);
        await set(0);
        expect(world.writes()).toHaveLength(1);
        expect(await subject.read()).toEqual({ primary: 100, canary: 0, mirror: 0 });
      });

      it("go back to weight 0 whatever was done to the object", async () => {
        await install({ canaryWeight: 50, shadowPercent: 100, reserved: false });
        await subject.wreck();
        await world.advance();
        await set(0);
        expect(await subject.read()).toEqual({ primary: 100, canary: 0, mirror: 0 });
        await subject.remove();
        await world.advance();
        await set(0);
        expect(await subject.read()).toEqual({ primary: 100, canary: 0, mirror: 0 });
      });

      it("are not written over what was not seen", async () => {
        await install();
        const unseen = subject.touch();
        const error = await rejectionOf(set(25));
        await unseen;
        expect(isConflict(error)).toBe(true);
        await set(25);
        expect(await subject.read()).toEqual({ primary: 75, canary: 25, mirror: 0 });
      });

      it("of somebody else are left alone, and said to be in the way", async () => {
        const spec = await subject.occupy();
        await world.advance();
        const now = routing();
        expect(now).toMatchObject({ kind: "present", inSync: false });
        expect(now.kind === "present" && now.drift).toContain("was not made by Rollout checkout");
        expect(await rejectionOf(world.settled(router.ensureRoutes(context)))).toMatchObject({
          code: "ForeignObject",
        });
        expect(await rejectionOf(set(25))).toMatchObject({ code: "ForeignObject" });
        await world.settled(router.removeRoutes(context));
        expect(await subject.spec()).toEqual(spec);
      });

      it("that a deleted Rollout left behind belong to the next one of its name, and go with it", async () => {
        await install({ canaryWeight: 25, shadowPercent: 0, reserved: false });
        const key = { namespace: "default", name: "checkout" };
        await world.settled(world.admin.delete(ROLLOUT, key, { propagation: "Orphan" }));
        await world.advance(5);
        context = contextOf(await world.rollout());
        expect(routing()).toMatchObject({ inSync: false, traffic: { canaryWeight: 25 } });
        await world.settled(router.ensureServices(context));
        await world.settled(router.ensureRoutes(context));
        expect(routing()).toMatchObject({ inSync: true, traffic: { canaryWeight: 25 } });
        await world.remove(ROLLOUT, "checkout");
        await world.advance(5);
        expect(routing()).toEqual({ kind: "missing" });
        expect(services()).toMatchObject({
          apex: { exists: true },
          primary: { exists: false },
          canary: { exists: false },
        });
      });

      it("are removed, once", async () => {
        await install();
        await world.settled(router.removeRoutes(context));
        expect(await subject.read()).toBeNull();
        expect(routing()).toEqual({ kind: "missing" });
        world.writes();
        await world.settled(router.removeRoutes(context));
        expect(world.writes()).toEqual([]);
      });
    });

    describe("Services", () => {
      it("are made; the apex selects the target until traffic was moved", async () => {
        expect(services().apex).toEqual({
          exists: false,
          pinnedHash: null,
          selects: "nothing",
          readyEndpoints: 0,
          inSync: false,
        });
        await world.settled(router.ensureServices(context));
        expect(services()).toMatchObject({
          apex: { exists: true, selects: "target", inSync: true },
          primary: { exists: true, selects: "primary", inSync: true },
          canary: { exists: true, selects: "target", inSync: true },
        });
      });

      it("that somebody deletes come back as they belong", async () => {
        await install();
        for (const name of ["checkout", "checkout-canary"]) await world.remove(SERVICE, name);
        const status = {
          phase: "Progressing",
          canaryWeight: 0,
          promoted: { revision: "old", images: [], at: "2026-01-05T09:00:00Z" },
          run: { revision: "new" },
        } as unknown as NonNullable<Rollout["status"]>;
        context = { ...context, rollout: { ...context.rollout, status } };
        await world.settled(router.ensureServices(context));
        expect(services()).toMatchObject({
          apex: { selects: "primary", inSync: true },
          canary: { selects: "target", pinnedHash: "new", inSync: true },
        });
      });

      it("that somebody changes are put right, and a pin is kept", async () => {
        await install();
        await world.settled(router.pinCanary(context, "7d9f"));
        await world.change(SERVICE, "checkout-canary", { spec: { ports: [{ name: "http", port: 81 }] } });
        await world.change(SERVICE, "checkout-primary", { spec: { selector: { app: "elsewhere" } } });
        await world.advance();
        expect(services()).toMatchObject({
          canary: { inSync: false },
          primary: { inSync: false, selects: "other" },
        });
        await world.settled(router.ensureServices(context));
        expect(services()).toMatchObject({
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
        expect(services().canary).toMatchObject({ exists: true, selects: "other", inSync: false });
        for (const write of [() => router.ensureServices(context), () => router.pinCanary(context, "7d9f")]) {
          expect(await rejectionOf(world.settled(write()))).toMatchObject({ code: "ForeignObject" });
        }
        await world.settled(router.removeServices(context));
        expect((await service("checkout-canary"))?.spec.selector).toEqual({ app: "batch" });
      });

      it("pin the canary to one revision with one write, and count its pods alone", async () => {
        await install();
        await deploy("checkout");
        const [old] = await world.cluster.replicaSets();
        await world.settled(world.cluster.setDeploymentImage("checkout", "shop/checkout:v2"));
        await world.advance(10);
        const hash = (await world.cluster.replicaSets()).find((it) => it !== old && it.spec.replicas > 0)
          ?.metadata.labels?.["pod-template-hash"];
        if (hash === undefined) throw new Error("the Deployment made no ReplicaSet");
        world.writes();
        await world.settled(router.pinCanary(context, hash));
        expect(world.writes()).toHaveLength(1);
        await world.settled(router.pinCanary(context, hash));
        expect(world.writes()).toEqual([]);
        await world.advance();
        expect(services().canary).toMatchObject({ pinnedHash: hash, readyEndpoints: 2 });
        await world.settled(router.pinCanary(context, "nothing"));
        expect(services().canary).toMatchObject({ pinnedHash: "nothing", readyEndpoints: 0 });
      });

      it("point the apex at the side that is named, with one write", async () => {
        await install();
        await deploy("checkout-primary");
        for (const [side, endpoints] of [
          ["primary", 2],
          ["target", 0],
        ] as const) {
          world.writes();
          await world.settled(router.pointApex(context, side));
          expect(world.writes()).toHaveLength(1);
          await world.settled(router.pointApex(context, side));
          expect(world.writes()).toEqual([]);
          await world.advance();
          expect(services().apex).toMatchObject({ selects: side, readyEndpoints: endpoints });
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
        await install();
        expect(services().apex).toMatchObject({ exists: true, selects: "target", inSync: true });
        expect(routing()).toMatchObject({ inSync: true });
        for (const side of ["checkout-primary", "checkout-canary"]) {
          expect((await service(side))?.spec.ports).toEqual(before?.spec.ports);
        }
        await world.settled(router.pointApex(context, "primary"));
        expect(world.writes()).toHaveLength(1);
        const during = await service("checkout");
        expect(during?.spec).toEqual({ ...before?.spec, selector: { app: "checkout-primary" } });
        expect(during?.metadata.labels).toEqual({ team: "shop" });
        await world.settled(router.pointApex(context, "target"));
        const after = await service("checkout");
        expect(after?.spec).toEqual(before?.spec);
        expect(after?.metadata.labels).toEqual(before?.metadata.labels);
        expect(after?.metadata.annotations).toEqual(before?.metadata.annotations);
        expect(after?.metadata.ownerReferences).toBeUndefined();
      });

      it("are removed but for the apex, which nobody collects when the Rollout is gone", async () => {
        await install();
        await world.settled(router.pointApex(context, "target"));
        await world.settled(router.removeServices(context));
        expect(services()).toMatchObject({
          apex: { exists: true, selects: "target" },
          primary: { exists: false },
          canary: { exists: false },
        });
        expect((await service("checkout"))?.metadata.ownerReferences).toBeUndefined();
        world.writes();
        await world.settled(router.removeServices(context));
        expect(world.writes()).toEqual([]);
      });
    });
  });
}
