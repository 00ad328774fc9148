import { describe, expect, it } from "vitest";
import { aDeployment, conditionOf } from "../../../../test/support/workload-objects.ts";
import { ApiError } from "../../../kube/api-error.ts";
import { Cache } from "../../../kube/cache.ts";
import type { Client } from "../../../kube/client.ts";
import type { EventText } from "../../../kube/event-object.ts";
import type { KubeObject } from "../../../kube/object.ts";
import { VirtualClock } from "../../../lib/virtual-clock.ts";
import { DEPLOYMENTS, type Deployment, PODS, type Pod, REPLICA_SETS, type ReplicaSet } from "../../kinds.ts";
import { WORKLOAD_INDEXES } from "../indexes.ts";
import { DeploymentController } from "./deployment-controller.ts";

/** A controller whose client answers creates as told, and what it wrote and said. */
function controllerWith(deployment: Deployment, create: () => Promise<never>, existing?: ReplicaSet) {
  const deployments = new Cache<Deployment>(DEPLOYMENTS, { indexes: WORKLOAD_INDEXES });
  deployments.replace({ items: [deployment], resourceVersion: "1" });
  const updates: Deployment[] = [];
  const events: EventText[] = [];
  const client = {
    create,
    get: () => Promise.resolve(existing),
    update: (_: unknown, object: KubeObject) => {
      updates.push(object as Deployment);
      return Promise.resolve(object);
    },
  } as unknown as Client;
  const controller = new DeploymentController({
    deployments,
    replicaSets: new Cache<ReplicaSet>(REPLICA_SETS, { indexes: WORKLOAD_INDEXES }),
    pods: new Cache<Pod>(PODS, { indexes: WORKLOAD_INDEXES }),
    client,
    clock: new VirtualClock(),
    events: { record: (_, event) => events.push(event), drain: () => Promise.resolve() },
  });
  return { controller, updates, events };
}

describe("DeploymentController", () => {
  it("shows why a ReplicaSet cannot be made, and tries again", async () => {
    const refused = new ApiError("creating replicasets.apps shop/web", {
      code: 403,
      message: "exceeded quota",
    });
    const { controller, updates, events } = controllerWith(aDeployment(), () => Promise.reject(refused));
    await expect(controller.reconcile("shop/web")).rejects.toBe(refused);
    expect(conditionOf(updates[0], "Progressing")).toMatchObject({
      status: "False",
      reason: "ReplicaSetCreateError",
      message: expect.stringMatching(/^Failed to create new replica set "web-.*exceeded quota$/),
    });
    expect(events[0]).toMatchObject({ type: "Warning", reason: "ReplicaSetCreateError" });
  });

  it("counts a collision when somebody else's ReplicaSet has the name", async () => {
    const taken = new ApiError("creating", { code: 409, reason: "AlreadyExists" });
    const { spec } = aDeployment();
    const stranger = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name: "web-x" }, spec };
    const { controller, updates } = controllerWith(aDeployment(), () => Promise.reject(taken), stranger);
    await controller.reconcile("shop/web");
    expect(updates.map((deployment) => deployment.status?.collisionCount)).toEqual([1]);
  });
});
