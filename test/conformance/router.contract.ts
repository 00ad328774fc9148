import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isConflict } from "../../src/kube/api-error.ts";
import type { Router } from "../../src/router/router.ts";
import { type AdapterWorld, rejectionOf, type Written } from "../support/adapter-world.ts";
import { schemaErrors } from "../support/istio-schema.ts";
import { NONE, RouterBench } from "../support/router-bench.ts";

/** A way to split traffic, and hands that reach past the router to its objects. */
export interface RouterUnderTest {
  /** `spec.traffic` of the Rollout, without what the suite adds to it. */
  readonly spec: Record<string, unknown>;
  /** Labels of the target's pod template. */
  readonly podLabels?: Readonly<Record<string, string>>;
  router(world: AdapterWorld): Router;
  /** Makes what the user has before there is a Rollout. */
  prepare(world: AdapterWorld): Promise<void>;
  /** What the routes themselves say: the weights of the two sides, the mirror, how many go by match or by cookie. */
  read(world: AdapterWorld): Promise<RouteReading>;
  /** The objects whose routes are read, in whole but for what every write changes; ours are left out. */
  objectsOfUser(world: AdapterWorld): Promise<unknown>;
  /** Somebody else sets the canary's weight to 80. */
  contest(world: AdapterWorld): Promise<void>;
  /** Somebody else sets a label of a routing object with one request, which is under way when this returns. */
  touch(world: AdapterWorld): Promise<void>;
  /** Somebody else changes a setting of the weighted route; tells whether it stands. */
  tamper(world: AdapterWorld): Promise<() => Promise<boolean>>;
  /** Whether such a change is kept (routes of the user), or put right (ours). */
  readonly keepsTampering: boolean;
}

export interface RouteReading {
  readonly primary: number;
  readonly canary: number;
  readonly mirror: number;
  readonly reserved: number;
  readonly sticky: number;
}

const AT_REST: RouteReading = { primary: 100, canary: 0, mirror: 0, reserved: 0, sticky: 0 };

/** What every way to split traffic promises, on the embedded cluster. */
export function routerContract(name: string, subject: RouterUnderTest): void {
  describe(`${name} as a router`, () => {
    let bench: RouterBench;
    let world: AdapterWorld;
    let validated = 0;

    const reading = () => subject.read(world);

    beforeAll(async () => {
      const matches = {
        canaryMatch: [{ headers: { "x-tester": { exact: "yes" } } }],
        primaryMatch: [{ headers: { "x-tier": { exact: "enterprise" } } }],
      };
      const istio = { ...(subject.spec["istio"] as object), ...matches, sessionAffinity: {} };
      bench = await RouterBench.create(subject.router, {
        spec: { traffic: { ...subject.spec, istio } },
        prepare: subject.prepare,
        ...(subject.podLabels === undefined ? {} : { podLabels: subject.podLabels }),
      });
      ({ world } = bench);
      await bench.install();
    });
    afterAll(async () => {
      expect(validated).toBeGreaterThan(20);
      await bench.stop();
    });
    afterEach(async () => {
      bench.endRun();
      await world.advance();
      await bench.do((router, context) => router.ensureRoutes(context));
      await bench.set(NONE);
      world.writes();
      const written = world.written();
      expectValid(written);
      validated += written.length;
    });

    it("sends all to the primary at rest, and writes that once", async () => {
      expect(bench.routing()).toMatchObject({ kind: "present", traffic: NONE, inSync: true });
      expect(bench.routing()).not.toHaveProperty("problem");
      expect(await reading()).toEqual(AT_REST);
      await bench.do((router, context) => router.ensureServices(context));
      await bench.do((router, context) => router.ensureRoutes(context));
      await bench.set(NONE);
      expect(world.writes()).toEqual([]);
    });

    it("takes weights and mirror with one write each time, and none for what it says already", async () => {
      for (const [canary, mirror] of [
        [0, 100],
        [5, 0],
        [50, 0],
        [100, 0],
        [0, 0],
      ] as const) {
        const traffic = { ...NONE, canaryWeight: canary, shadowPercent: mirror };
        await bench.set(traffic);
        expect(world.writes()).toHaveLength(1);
        await bench.set(traffic);
        expect(world.writes()).toEqual([]);
        expect(await reading()).toEqual({ ...AT_REST, primary: 100 - canary, canary, mirror });
        expect(bench.routing()).toMatchObject({ traffic, inSync: true });
      }
    });

    it("puts requests that match before the weighted ones, and takes them away with one write", async () => {
      await bench.set({ reserved: true });
      expect(await reading()).toEqual({ ...AT_REST, reserved: 2 });
      await bench.set({ canaryWeight: 25, reserved: true });
      expect(await reading()).toEqual({ ...AT_REST, primary: 75, canary: 25, reserved: 2 });
      expect(bench.routing()).toMatchObject({ inSync: true, traffic: { canaryWeight: 25, reserved: true } });
      world.writes();
      await bench.set(NONE);
      expect(world.writes()).toHaveLength(1);
      expect(await reading()).toEqual(AT_REST);
    });

    it("keeps clients on their side during a run, as long as the canary has a weight", async () => {
      bench.beginRun();
      await bench.set({ canaryWeight: 10, reserved: true });
      expect(await reading()).toMatchObject({ canary: 10, reserved: 2, sticky: 3 });
      expect(bench.routing()).toMatchObject({ inSync: true });
      await bench.set({ reserved: true });
      expect(await reading()).toEqual({ ...AT_REST, reserved: 2 });
    });

    it("gives the user's objects back as they were", async () => {
      const before = await subject.objectsOfUser(world);
      bench.beginRun();
      await bench.do((router, context) => router.pinCanary(context, "6d5f8c"));
      await bench.set({ shadowPercent: 30 });
      for (const canaryWeight of [1, 50, 99]) await bench.set({ canaryWeight, reserved: true });
      await bench.set(NONE);
      bench.endRun();
      await bench.do((router, context) => router.ensureServices(context));
      expect(await subject.objectsOfUser(world)).toEqual(before);
    });

    it("sees who else has changed the weights, and puts them right", async () => {
      await bench.set({ canaryWeight: 25 });
      await world.advance(2);
      await subject.contest(world);
      await world.advance();
      expect(bench.routing()).toMatchObject({ traffic: { canaryWeight: 80 }, changedBy: "intruder" });
      await bench.set({ canaryWeight: 25 });
      expect(await reading()).toEqual({ ...AT_REST, primary: 75, canary: 25 });
    });

    it("keeps its hands off settings of the user, and its own settings right, without touching weights", async () => {
      await bench.set({ canaryWeight: 25, shadowPercent: 40 });
      const stands = await subject.tamper(world);
      await world.advance();
      // What stands before the user's route has that route's settings.
      expect(bench.routing()).toMatchObject({ inSync: false });
      await bench.do((router, context) => router.ensureRoutes(context));
      expect(bench.routing()).toMatchObject({
        inSync: true,
        traffic: { canaryWeight: 25, shadowPercent: 40 },
      });
      expect(await stands()).toBe(subject.keepsTampering);
      await bench.set({ canaryWeight: 50 });
      expect(await stands()).toBe(subject.keepsTampering);
    });

    it("does not write over what it has not seen", async () => {
      const unseen = subject.touch(world);
      const error = await rejectionOf(bench.set({ canaryWeight: 25 }));
      await unseen;
      expect(isConflict(error)).toBe(true);
      await bench.set({ canaryWeight: 25 });
      expect(await reading()).toEqual({ ...AT_REST, primary: 75, canary: 25 });
    });
  });
}

/** By Istio's own CRDs, whatever was written, and without a member that they do not know. */
function expectValid(written: readonly Written[]): void {
  expect(schemaErrors(written.map(({ object }) => object))).toEqual([]);
  expect(written.flatMap(({ warnings }) => warnings)).toEqual([]);
}
