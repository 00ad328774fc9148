import { isAlreadyExists } from "../../../kube/api-error.ts";
import type { Cache } from "../../../kube/cache.ts";
import type { Client } from "../../../kube/client.ts";
import type { EventRecorder } from "../../../kube/event-recorder.ts";
import { OWNER_INDEX } from "../../../kube/indexes.ts";
import { matchesLabels, requirementsOf } from "../../../kube/label-selector.ts";
import { type KubeObject, keyOf, keyText, parseKey } from "../../../kube/object.ts";
import type { Clock } from "../../../lib/clock.ts";
import { toError } from "../../../lib/errors.ts";
import { DEPLOYMENTS, type Deployment, type Pod, REPLICA_SETS, type ReplicaSet } from "../../kinds.ts";
import { claimAll } from "../claims.ts";
import { type Controller, controllerKey } from "../controller.ts";
import { warningEvent } from "../event.ts";
import { ORPHAN_INDEX } from "../indexes.ts";
import { isControlledBy } from "../owner.ts";
import { deleteExactly, setOwners } from "../writes.ts";
import { withProgressing } from "./announce.ts";
import { type DeploymentDecision, decideDeployment } from "./decide.ts";
import { progressing } from "./status.ts";
import { isSameTemplate } from "./template-hash.ts";

export interface DeploymentControllerOptions {
  readonly deployments: Cache<Deployment>;
  readonly replicaSets: Cache<ReplicaSet>;
  readonly pods: Cache<Pod>;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

const STATUS = { subresource: "status" } as const;

/** Carries out what decideDeployment says. */
export class DeploymentController implements Controller {
  readonly name = "deployment-controller";
  readonly #options: DeploymentControllerOptions;

  constructor(options: DeploymentControllerOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (key: string) => void): void {
    const { deployments, replicaSets, pods } = this.#options;
    deployments.subscribe(({ key }) => enqueue(keyText(key)));
    replicaSets.subscribe((change) => {
      const owners = [controllerKey(change.old, "Deployment"), controllerKey(change.new, "Deployment")];
      for (const owner of new Set(owners)) if (owner !== undefined) enqueue(owner);
      if (change.new !== undefined && owners[1] === undefined) this.#enqueueAdopters(change.new, enqueue);
    });
    // Recreate waits for the last old pod to be gone; nothing else depends on single pods.
    pods.subscribe(({ old, new: current }) => {
      if (current !== undefined || old === undefined) return;
      const setKey = controllerKey(old, "ReplicaSet");
      const set = setKey === undefined ? undefined : replicaSets.get(parseKey(setKey));
      const owner = controllerKey(set, "Deployment");
      if (owner !== undefined) enqueue(owner);
    });
  }

  async reconcile(key: string): Promise<number | null> {
    const { deployments, clock } = this.#options;
    const deployment = deployments.get(parseKey(key));
    if (deployment === undefined) return null;
    const replicaSets = await this.#claimSets(deployment);
    const isRecreated = deployment.spec.strategy?.type === "Recreate";
    const watched = isRecreated ? replicaSets : [];
    const podsBySet = new Map(watched.map((set) => [set.metadata.uid ?? "", this.#podsOf(set)]));
    const decision = decideDeployment({ deployment, replicaSets, podsBySet, now: clock.now() });
    await this.#carryOut(deployment, decision);
    return decision.requeueAfterMs;
  }

  async #claimSets(deployment: Deployment): Promise<readonly ReplicaSet[]> {
    const { replicaSets, client } = this.#options;
    const requirements = requirementsOf(deployment.spec.selector);
    const candidates = [
      ...replicaSets
        .by(OWNER_INDEX, deployment.metadata.uid ?? "")
        .filter((set) => isControlledBy(set, deployment)),
      ...replicaSets.by(ORPHAN_INDEX, deployment.metadata.namespace ?? ""),
    ];
    const { owned, changes } = claimAll(DEPLOYMENTS, deployment, candidates, (set) =>
      matchesLabels(requirements, set.metadata.labels),
    );
    const adopted: ReplicaSet[] = [];
    for (const change of changes) {
      const written = await setOwners(client, REPLICA_SETS, change.object, change.ownerReferences);
      if (isControlledBy(written, deployment)) adopted.push(written);
    }
    return [...owned, ...adopted];
  }

  async #carryOut(deployment: Deployment, decision: DeploymentDecision): Promise<void> {
    const { client, events } = this.#options;
    if (decision.create !== null && !(await this.#createSet(deployment, decision.create))) return;
    for (const set of decision.updates) await client.update(REPLICA_SETS, set);
    for (const event of decision.events) events.record(deployment, event);
    if (decision.status !== null) await client.update(DEPLOYMENTS, decision.status, STATUS);
    for (const set of decision.deletes) await deleteExactly(client, REPLICA_SETS, set);
  }

  /** False when the name is taken by a set that is not ours: the next pass takes another name. */
  async #createSet(deployment: Deployment, set: ReplicaSet): Promise<boolean> {
    const { client } = this.#options;
    try {
      await client.create(REPLICA_SETS, set);
      return true;
    } catch (error) {
      if (!isAlreadyExists(error)) {
        await this.#tellFailure(deployment, set, toError(error).message);
        throw error;
      }
    }
    const existing = await client.get(REPLICA_SETS, keyOf(set));
    const isOurs =
      isControlledBy(existing, deployment) && isSameTemplate(existing.spec.template, set.spec.template);
    if (isOurs) return true;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    const status = { ...deployment.status, collisionCount };
    await client.update(DEPLOYMENTS, { ...deployment, status }, STATUS);
    return false;
  }

  async #tellFailure(deployment: Deployment, set: ReplicaSet, why: string): Promise<void> {
    const { client, events, clock } = this.#options;
    const message = `Failed to create new replica set "${set.metadata.name}": ${why}`;
    events.record(deployment, warningEvent("ReplicaSetCreateError", message));
    const failed = progressing("False", "ReplicaSetCreateError", message);
    const told = withProgressing(deployment, failed, clock.now());
    if (told !== deployment) await client.update<Deployment>(DEPLOYMENTS, told, STATUS);
  }

  #podsOf(set: ReplicaSet): readonly Pod[] {
    return this.#options.pods.by(OWNER_INDEX, set.metadata.uid ?? "");
  }

  #enqueueAdopters(orphan: KubeObject, enqueue: (key: string) => void): void {
    for (const deployment of this.#options.deployments.list(orphan.metadata.namespace)) {
      if (matchesLabels(requirementsOf(deployment.spec.selector), orphan.metadata.labels)) {
        enqueue(keyText(keyOf(deployment)));
      }
    }
  }
}
