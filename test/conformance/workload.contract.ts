import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Rollout } from "../../src/api/rollout.ts";
import { isConflict } from "../../src/kube/api-error.ts";
import type { Deployment } from "../../src/kube/kind/workload.ts";
import { DEPLOYMENT, POD, REPLICA_SET } from "../../src/kube/resources.ts";
import { RevisionGoneError, type Workload, WorkloadUnavailableError } from "../../src/workload/workload.ts";
import { AdapterWorld, rejectionOf } from "../support/adapter-world.ts";
import { POD_FACTS } from "../support/rollout-objects.ts";

const IMAGES = {
  "shop/checkout:crashing": { crashAfterMs: 500 },
  "shop/checkout:unpullable": { pullError: true },
};

/** What every member of the workload family promises, on the embedded cluster. The target is called `checkout`. */
export function workloadContract(name: string, create: (world: AdapterWorld) => Workload): void {
  describe(`${name} as a workload`, () => {
    let world: AdapterWorld;
    let workload: Workload;
    let rollout: Rollout;

    beforeEach(async () => {
      world = await new AdapterWorld(IMAGES).start();
      workload = create(world);
    });
    afterEach(() => world.stop());

    /** The target with three ready pods of v1, and its Rollout. */
    async function adopt(spec: Partial<Deployment["spec"]> = {}): Promise<string> {
      await world.settled(world.cluster.deploy("checkout", "shop/checkout:v1", { replicas: 3, ...spec }));
      rollout = await world.rollout();
      await world.advance(5);
      return revision();
    }

    /** Hash of the target's current revision. */
    function revision(): string {
      const current = workload.observe(rollout).target?.current;
      if (current === null || current === undefined) throw new Error("the target has no current revision");
      return current.hash;
    }

    async function release(image: string): Promise<string> {
      await world.settled(world.cluster.setDeploymentImage("checkout", image));
      await world.advance(10);
      return revision();
    }

    async function primaryImage(): Promise<string | undefined> {
      return (await world.find(DEPLOYMENT, "checkout-primary"))?.spec.template.spec.containers[0]?.image;
    }

    async function serve(hash: string): Promise<void> {
      await world.settled(workload.createPrimary(rollout, { revision: hash, replicas: 3 }));
      await world.advance(5);
      world.writes();
    }

    describe("observing", () => {
      it("says that the target is missing", async () => {
        rollout = await world.rollout();
        expect(workload.observe(rollout)).toMatchObject({
          target: null,
          primary: null,
          problem: {
            field: "spec.targetRef.name",
            message: expect.stringContaining('"checkout" does not exist'),
          },
        });
      });

      it("says of a healthy target what runs", async () => {
        const hash = await adopt();
        const [set] = await world.cluster.replicaSets();
        expect(set?.metadata.name).toBe(`checkout-${hash}`);
        expect(workload.observe(rollout)).toMatchObject({
          target: {
            desiredReplicas: 3,
            replicas: 3,
            current: { hash, images: ["shop/checkout:v1"], replicas: 3, readyReplicas: 3 },
            images: ["shop/checkout:v1"],
            paused: false,
            notReadyReason: null,
            selector: { app: "checkout" },
          },
          primary: null,
          problem: null,
          selectors: { target: { app: "checkout" }, primary: { app: "checkout-primary" } },
          pods: POD_FACTS,
        });
        expect(world.writes()).toEqual([]);
      });

      it("says why pods of the two sides could not be told apart", async () => {
        const labels = { tier: "web" };
        const template = {
          metadata: { labels },
          spec: { containers: [{ name: "main", image: "shop/checkout:v1" }] },
        };
        await world.settled(
          world.cluster.deploy("checkout", "", { selector: { matchLabels: labels }, template }),
        );
        rollout = await world.rollout();
        await world.advance(1);
        const { problem } = workload.observe(rollout);
        expect(problem?.message).toContain("has none of the labels app, name, app.kubernetes.io/name");
      });

      it("knows no revision between a change of the template and its ReplicaSet", async () => {
        await adopt();
        await world.change(DEPLOYMENT, "checkout", { spec: { paused: true } });
        await world.settled(world.cluster.setDeploymentImage("checkout", "shop/checkout:v2"));
        await world.advance(5);
        const { target } = workload.observe(rollout);
        expect(target).toMatchObject({ current: null, images: ["shop/checkout:v2"], paused: true });
        expect(target?.notReadyReason).toContain("paused");
      });

      it.each([
        [
          "crash",
          "shop/checkout:crashing",
          /0 of 3 pods ready; checkout-\w+-\w+: CrashLoopBackOff, \d+ restarts?, exit code/,
        ],
        [
          "cannot be pulled",
          "shop/checkout:unpullable",
          /0 of 3 pods ready; .*ImagePull.*shop\/checkout:unpullable/,
        ],
      ])("tells why pods that %s are not ready", async (_what, image, reason) => {
        await adopt();
        await world.settled(world.cluster.setDeploymentImage("checkout", image));
        await world.advance(60);
        expect(workload.observe(rollout).target?.notReadyReason).toMatch(reason);
      });
    });

    describe("making the primary", () => {
      it("serves the named revision from pods of its own", async () => {
        const hash = await adopt();
        await world.settled(workload.createPrimary(rollout, { revision: hash, replicas: 3 }));
        expect(workload.observe(rollout).primary).toMatchObject({ revision: hash, isRolledOut: false });
        await world.advance(10);
        expect(workload.observe(rollout).primary).toEqual({
          desiredReplicas: 3,
          readyReplicas: 3,
          isRolledOut: true,
          revision: hash,
          images: ["shop/checkout:v1"],
          notReadyReason: null,
          selector: { app: "checkout-primary" },
        });
        expect(workload.observe(rollout).target).toMatchObject({
          replicas: 3,
          current: { readyReplicas: 3 },
        });
      });

      it("takes the revision that is named, whatever the target has by then", async () => {
        const hash = await adopt();
        await release("shop/checkout:v2");
        await serve(hash);
        expect(await primaryImage()).toBe("shop/checkout:v1");
      });

      it("does not touch one that is there", async () => {
        const hash = await adopt();
        await serve(hash);
        await world.settled(
          workload.createPrimary(rollout, { revision: await release("shop/checkout:v2"), replicas: 9 }),
        );
        expect(world.writes()).toEqual([]);
        expect(await primaryImage()).toBe("shop/checkout:v1");
      });

      it("refuses a revision that is gone", async () => {
        await adopt();
        const error = await rejectionOf(
          world.settled(workload.createPrimary(rollout, { revision: "gone", replicas: 1 })),
        );
        expect(error).toBeInstanceOf(RevisionGoneError);
        expect(error.message).toContain("revision gone of Deployment default/checkout");
      });

      it("leaves somebody else's object of that name alone, and says so", async () => {
        const hash = await adopt();
        await world.settled(world.cluster.deploy("checkout-primary", "shop/other:v1"));
        await world.advance(5);
        const { primary, problem } = workload.observe(rollout);
        expect(primary).toBeNull();
        expect(problem?.message).toContain('"checkout-primary" exists already');
        await world.settled(workload.createPrimary(rollout, { revision: hash, replicas: 3 }));
        await world.settled(workload.deletePrimary(rollout));
        expect(await rejectionOf(world.settled(workload.promote(rollout, hash)))).toBeInstanceOf(
          WorkloadUnavailableError,
        );
        expect(world.writes()).toEqual([]);
        expect(await primaryImage()).toBe("shop/other:v1");
      });
    });

    describe("promoting", () => {
      it("gives the primary what was analysed, with one write and without losing capacity", async () => {
        await serve(await adopt());
        const hash = await release("shop/checkout:v2");
        await world.settled(workload.promote(rollout, hash));
        expect(world.writes()).toHaveLength(1);
        expect(workload.observe(rollout).primary).toMatchObject({ revision: hash, isRolledOut: false });
        let least = 3;
        await world.cluster.watch(30, async () => {
          least = Math.min(least, workload.observe(rollout).primary?.readyReplicas ?? 0);
        });
        expect(least).toBe(3);
        expect(workload.observe(rollout).primary).toMatchObject({
          isRolledOut: true,
          images: ["shop/checkout:v2"],
        });
        await world.settled(workload.promote(rollout, hash));
        expect(world.writes()).toEqual([]);
      });

      it("does not take what the target has got since", async () => {
        await serve(await adopt());
        const analysed = await release("shop/checkout:v2");
        await release("shop/checkout:v3");
        await world.settled(workload.promote(rollout, analysed));
        expect(await primaryImage()).toBe("shop/checkout:v2");
      });

      it("takes every byte of the template, the selector label apart", async () => {
        await serve(await adopt());
        await world.change(DEPLOYMENT, "checkout", {
          spec: {
            template: {
              metadata: { labels: { version: "v2" }, annotations: { note: 'a "quoted" & odd\n text' } },
              spec: { terminationGracePeriodSeconds: 7, nodeSelector: null },
            },
          },
        });
        await world.advance(10);
        const hash = revision();
        await world.settled(workload.promote(rollout, hash));
        const analysed = (await world.find(REPLICA_SET, `checkout-${hash}`))?.spec.template;
        const promoted = (await world.find(DEPLOYMENT, "checkout-primary"))?.spec.template;
        expect(promoted?.spec).toEqual(analysed?.spec);
        const { "pod-template-hash": _hash, ...labels } = analysed?.metadata?.labels ?? {};
        expect(promoted?.metadata).toEqual({
          ...analysed?.metadata,
          labels: { ...labels, app: "checkout-primary" },
        });
      });

      it("refuses a revision that is gone, and changes nothing", async () => {
        await serve(await adopt());
        const hash = await release("shop/checkout:v2");
        await release("shop/checkout:v3");
        await world.remove(REPLICA_SET, `checkout-${hash}`);
        expect(await rejectionOf(world.settled(workload.promote(rollout, hash)))).toBeInstanceOf(
          RevisionGoneError,
        );
        expect(world.writes()).toEqual([]);
      });

      it("does not overwrite what it has not seen", async () => {
        await serve(await adopt());
        const hash = await release("shop/checkout:v2");
        await world.advance(1);
        const unseen = world.change(DEPLOYMENT, "checkout-primary", { spec: { replicas: 5 } });
        const error = await Promise.all([
          unseen,
          rejectionOf(world.settled(workload.promote(rollout, hash))),
        ]).then(([, rejection]) => rejection);
        expect(isConflict(error)).toBe(true);
        await world.settled(workload.promote(rollout, hash));
        expect((await world.find(DEPLOYMENT, "checkout-primary"))?.spec.replicas).toBe(5);
      });
    });

    describe("going back", () => {
      it("gives the primary what it served before, without losing capacity", async () => {
        const before = await adopt();
        await serve(before);
        await world.settled(workload.promote(rollout, await release("shop/checkout:crashing")));
        await world.advance(60);
        expect(workload.observe(rollout).primary).toMatchObject({ isRolledOut: false, readyReplicas: 3 });
        world.writes();
        await world.settled(workload.revertPrimary(rollout, before));
        expect(world.writes()).toHaveLength(1);
        await world.cluster.watch(20, async () => {
          expect(workload.observe(rollout).primary?.readyReplicas).toBeGreaterThanOrEqual(3);
        });
        expect(workload.observe(rollout).primary).toMatchObject({
          isRolledOut: true,
          revision: before,
          images: ["shop/checkout:v1"],
        });
        await world.settled(workload.revertPrimary(rollout, before));
        expect(world.writes()).toEqual([]);
      });

      it("does so when the target's ReplicaSet of that revision is gone", async () => {
        const before = await adopt();
        await serve(before);
        const next = await release("shop/checkout:v2");
        await world.settled(workload.promote(rollout, next));
        await world.advance(20);
        await world.remove(REPLICA_SET, `checkout-${before}`);
        await world.settled(workload.revertPrimary(rollout, before));
        expect(await primaryImage()).toBe("shop/checkout:v1");
        expect(await rejectionOf(world.settled(workload.revertPrimary(rollout, "gone")))).toBeInstanceOf(
          RevisionGoneError,
        );
      });
    });

    describe("scaling", () => {
      it("writes the number of replicas, and only when it differs", async () => {
        await serve(await adopt());
        await world.settled(workload.scaleTarget(rollout, 0));
        await world.settled(workload.scalePrimary(rollout, 4));
        expect(world.writes()).toHaveLength(2);
        await world.settled(workload.scaleTarget(rollout, 0));
        await world.settled(workload.scalePrimary(rollout, 4));
        expect(world.writes()).toEqual([]);
        await world.advance(40);
        expect(workload.observe(rollout)).toMatchObject({
          target: { desiredReplicas: 0, replicas: 0, notReadyReason: null },
          primary: { desiredReplicas: 4, readyReplicas: 4, isRolledOut: true },
        });
      });

      it("has nothing to do for a target that is gone, and cannot scale it up", async () => {
        rollout = await world.rollout();
        await world.settled(workload.scaleTarget(rollout, 0));
        expect(await rejectionOf(world.settled(workload.scaleTarget(rollout, 1)))).toBeInstanceOf(
          WorkloadUnavailableError,
        );
        expect(world.writes()).toEqual([]);
      });
    });

    it("removes the primary with its pods, once", async () => {
      await serve(await adopt());
      await world.settled(workload.deletePrimary(rollout));
      await world.settled(workload.deletePrimary(rollout));
      expect(world.writes()).toHaveLength(1);
      await world.advance(60);
      const pods = await world.settled(world.admin.list(POD, { namespace: "default" }));
      expect(pods.items.map((pod) => pod.metadata.labels?.["app"])).toEqual([
        "checkout",
        "checkout",
        "checkout",
      ]);
    });
  });
}
