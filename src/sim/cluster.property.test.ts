import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualCluster } from "../../test/support/virtual-cluster.ts";
import { conditionOf } from "../../test/support/workload-objects.ts";
import { isNotFound } from "../kube/api-error.ts";
import { PODS, type Pod } from "./kinds.ts";
import { boundsOf } from "./workloads/deployment/bounds.ts";

type Step =
  | { readonly kind: "scale"; readonly replicas: number }
  | { readonly kind: "image"; readonly image: string }
  | { readonly kind: "deletePod"; readonly index: number }
  | { readonly kind: "pause"; readonly paused: boolean }
  | { readonly kind: "wait"; readonly seconds: number };

const IMAGES = {
  "app:good": { startTimeMs: 1_500 },
  "app:slow": { startTimeMs: 9_000, stopTimeMs: 7_000 },
  "app:crashing": { crashAfterMs: 4_000 },
  "app:sick": { neverReady: true },
  "app:missing": { pullError: true },
};

const replicas = fc.integer({ min: 0, max: 7 });
const image = fc.constantFrom(...Object.keys(IMAGES));
const wait = fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 0, max: 15 }) });

/** What may never cost availability. An image that becomes ready and then crashes may: nobody could know. */
const honestImage = image.filter((name) => name !== "app:crashing");
const voluntary = fc.oneof(fc.record({ kind: fc.constant("image" as const), image: honestImage }), wait);

const anything: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("scale" as const), replicas }),
  fc.record({ kind: fc.constant("image" as const), image }),
  fc.record({ kind: fc.constant("deletePod" as const), index: fc.nat(20) }),
  fc.record({ kind: fc.constant("pause" as const), paused: fc.boolean() }),
  wait,
);

const bound = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("10%", "25%", "50%", "100%"));
const rollingUpdate = fc
  .record({ maxSurge: bound, maxUnavailable: bound })
  .filter(({ maxSurge, maxUnavailable }) => maxSurge !== 0 || maxUnavailable !== 0);

async function perform(world: VirtualCluster, step: Step): Promise<void> {
  switch (step.kind) {
    case "scale":
      return world.patchSpec("web", { replicas: step.replicas });
    case "image":
      return world.setDeploymentImage("web", step.image);
    case "pause":
      return world.patchSpec("web", { paused: step.paused });
    case "wait":
      return world.advance(step.seconds);
    case "deletePod": {
      const pods = await world.pods();
      const pod = pods[step.index % Math.max(1, pods.length)];
      if (pod === undefined) return;
      // A pod without a node goes at once, and its successor may take its place before the request comes.
      await world.client.delete(PODS, { namespace: "default", name: pod.metadata.name }).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
    }
  }
}

function isServing(pod: Pod): boolean {
  return conditionOf(pod, "Ready")?.status === "True" && pod.metadata.deletionTimestamp === undefined;
}

describe("a Deployment", () => {
  it("comes to its desired state after any sequence of scaling, images, pauses and lost pods", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anything, { maxLength: 12 }),
        rollingUpdate,
        replicas,
        async (steps, bounds, count) => {
          const world = await new VirtualCluster(IMAGES).start();
          await world.deploy("web", "app:good", {
            replicas: count,
            strategy: { type: "RollingUpdate", rollingUpdate: bounds },
          });
          for (const step of steps) await perform(world, step);
          await world.patchSpec("web", { paused: false });
          await world.setDeploymentImage("web", "app:good");
          await world.advance(400);
          const deployment = await world.deployment();
          const pods = await world.pods();
          expect(pods.filter(isServing)).toHaveLength(deployment.spec.replicas);
          expect(pods).toHaveLength(deployment.spec.replicas);
          expect(pods.every((pod) => pod.spec.containers[0]?.image === "app:good")).toBe(true);
          expect(deployment.status?.updatedReplicas ?? 0).toBe(deployment.spec.replicas);
          await world.stop();
        },
      ),
      { numRuns: 15 },
    );
  });

  it("never has fewer ready pods than replicas less maxUnavailable, nor more than surge allows, through updates", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(voluntary, { maxLength: 8 }),
        rollingUpdate,
        fc.integer({ min: 1, max: 7 }),
        async (steps, bounds, count) => {
          const world = await new VirtualCluster(IMAGES).start();
          await world.deploy("web", "app:good", {
            replicas: count,
            strategy: { type: "RollingUpdate", rollingUpdate: bounds },
          });
          await world.advance(10);
          const { maxSurge, maxUnavailable } = boundsOf(await world.deployment());
          const look = async () => {
            const alive = (await world.pods()).filter((pod) => pod.metadata.deletionTimestamp === undefined);
            expect(alive.filter(isServing).length).toBeGreaterThanOrEqual(count - maxUnavailable);
            expect(alive.length).toBeLessThanOrEqual(count + maxSurge);
          };
          for (const step of steps) {
            if (step.kind === "wait") await world.watch(step.seconds, look);
            else await perform(world, step);
          }
          await world.watch(20, look);
          await world.stop();
        },
      ),
      { numRuns: 15 },
    );
  });
});
