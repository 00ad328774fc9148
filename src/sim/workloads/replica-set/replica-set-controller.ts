import type { Cache } from "../../../kube/cache.ts";
import type { Client } from "../../../kube/client.ts";
import type { EventRecorder } from "../../../kube/event-recorder.ts";
import { OWNER_INDEX } from "../../../kube/indexes.ts";
import { matchesLabels, requirementsOf } from "../../../kube/label-selector.ts";
import { keyOf, keyText, parseKey } from "../../../kube/object.ts";
import type { Clock } from "../../../lib/clock.ts";
import { toError } from "../../../lib/errors.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { PODS, type Pod, REPLICA_SETS, type ReplicaSet } from "../../kinds.ts";
import { claimAll } from "../claims.ts";
import { type Controller, controllerKey } from "../controller.ts";
import { normalEvent, warningEvent } from "../event.ts";
import { ORPHAN_INDEX } from "../indexes.ts";
import { controllerOf, isControlledBy } from "../owner.ts";
import { isActivePod } from "../pods.ts";
import { deleteExactly, setOwners } from "../writes.ts";
import { planReplicas, podOf } from "./plan.ts";
import { type ManageFailure, nextAvailableDelayMs, replicaSetStatus } from "./status.ts";

export interface ReplicaSetControllerOptions {
  readonly replicaSets: Cache<ReplicaSet>;
  readonly pods: Cache<Pod>;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

/**
 * Keeps as many active pods as spec.replicas says. It needs no expectations to never make or delete too many: what the
 * server answers to a write is in the cache at once (kube/write-through-client.ts).
 */
export class ReplicaSetController implements Controller {
  readonly name = "replicaset-controller";
  readonly #options: ReplicaSetControllerOptions;

  constructor(options: ReplicaSetControllerOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (key: string) => void): void {
    const { replicaSets, pods } = this.#options;
    replicaSets.subscribe(({ key }) => enqueue(keyText(key)));
    pods.subscribe(({ old, new: current }) => {
      const owners = new Set([controllerKey(old, "ReplicaSet"), controllerKey(current, "ReplicaSet")]);
      for (const owner of owners) if (owner !== undefined) enqueue(owner);
      if (current !== undefined && controllerOf(current) === undefined)
        this.#enqueueAdopters(current, enqueue);
    });
  }

  async reconcile(key: string): Promise<number | null> {
    const { replicaSets, clock } = this.#options;
    const before = replicaSets.get(parseKey(key));
    if (before === undefined) return null;
    await this.#claimPods(before);
    const failure = before.metadata.deletionTimestamp === undefined ? await this.#manage(before) : null;
    // What was just made and deleted counts, as far as it is known by now.
    const pods = this.#podsOf(before);
    const replicaSet = replicaSets.get(parseKey(key)) ?? before;
    const status = replicaSetStatus(replicaSet, pods, failure, clock.now());
    if (!isDeepEqual(status, replicaSet.status)) {
      await this.#options.client.update(REPLICA_SETS, { ...replicaSet, status }, { subresource: "status" });
    }
    if (failure !== null) throw failure.cause;
    return nextAvailableDelayMs(replicaSet, pods, clock.now());
  }

  async #claimPods(replicaSet: ReplicaSet): Promise<void> {
    const { pods, client } = this.#options;
    const requirements = requirementsOf(replicaSet.spec.selector);
    const orphans = pods.by(ORPHAN_INDEX, replicaSet.metadata.namespace ?? "").filter(isActivePod);
    const candidates = [...this.#podsOf(replicaSet), ...orphans];
    const { changes } = claimAll(REPLICA_SETS, replicaSet, candidates, (pod) =>
      matchesLabels(requirements, pod.metadata.labels),
    );
    for (const change of changes) await setOwners(client, PODS, change.object, change.ownerReferences);
  }

  async #manage(replicaSet: ReplicaSet): Promise<(ManageFailure & { readonly cause: unknown }) | null> {
    const active = this.#podsOf(replicaSet).filter(isActivePod);
    const hasTooMany = active.length > replicaSet.spec.replicas;
    const plan = planReplicas(replicaSet, active, {
      now: this.#options.clock.now(),
      relatedOnNode: hasTooMany ? this.#relatedOnNode(replicaSet) : new Map(),
    });
    try {
      for (let made = 0; made < plan.create; made++) await this.#create(replicaSet);
    } catch (cause) {
      const { message } = toError(cause);
      this.#options.events.record(replicaSet, warningEvent("FailedCreate", `Error creating: ${message}`));
      return { reason: "FailedCreate", message, cause };
    }
    try {
      for (const pod of plan.delete) await this.#delete(replicaSet, pod);
    } catch (cause) {
      const { message } = toError(cause);
      this.#options.events.record(replicaSet, warningEvent("FailedDelete", `Error deleting: ${message}`));
      return { reason: "FailedDelete", message, cause };
    }
    return null;
  }

  async #create(replicaSet: ReplicaSet): Promise<void> {
    const pod = await this.#options.client.create(PODS, podOf(replicaSet));
    const message = `Created pod: ${pod.metadata.name}`;
    this.#options.events.record(replicaSet, normalEvent("SuccessfulCreate", message));
  }

  async #delete(replicaSet: ReplicaSet, pod: Pod): Promise<void> {
    await deleteExactly(this.#options.client, PODS, pod);
    const message = `Deleted pod: ${pod.metadata.name}`;
    this.#options.events.record(replicaSet, normalEvent("SuccessfulDelete", message));
  }

  /** Pods that it controls, terminating ones included. */
  #podsOf(replicaSet: ReplicaSet): readonly Pod[] {
    return this.#options.pods
      .by(OWNER_INDEX, replicaSet.metadata.uid ?? "")
      .filter((pod) => isControlledBy(pod, replicaSet));
  }

  /** Active pods of all ReplicaSets of the same owner, by node. */
  #relatedOnNode(replicaSet: ReplicaSet): ReadonlyMap<string, number> {
    const owner = controllerOf(replicaSet);
    const siblings =
      owner === undefined ? [replicaSet] : this.#options.replicaSets.by(OWNER_INDEX, owner.uid);
    const counts = new Map<string, number>();
    for (const pod of siblings.flatMap((sibling) => this.#podsOf(sibling)).filter(isActivePod)) {
      const node = pod.spec.nodeName ?? "";
      counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    return counts;
  }

  #enqueueAdopters(orphan: Pod, enqueue: (key: string) => void): void {
    for (const replicaSet of this.#options.replicaSets.list(orphan.metadata.namespace)) {
      const requirements = requirementsOf(replicaSet.spec.selector);
      if (matchesLabels(requirements, orphan.metadata.labels) && !isControlledBy(orphan, replicaSet)) {
        enqueue(keyText(keyOf(replicaSet)));
      }
    }
  }
}
