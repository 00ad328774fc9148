import type { Cache } from "../../../kube/cache.ts";
import type { Client } from "../../../kube/client.ts";
import type { EventRecorder } from "../../../kube/event-recorder.ts";
import { matchesLabels, requirementsOf } from "../../../kube/label-selector.ts";
import { keyOf, keyText, type ObjectKey, parseKey } from "../../../kube/object.ts";
import type { Resource } from "../../../kube/resource.ts";
import type { Clock } from "../../../lib/clock.ts";
import { isDeepEqual } from "../../../lib/json.ts";
import { DEPLOYMENTS, type Deployment, type Pod, REPLICA_SETS, type ReplicaSet } from "../../kinds.ts";
import type { Controller } from "../controller.ts";
import { LABEL_INDEX, labelKey } from "../indexes.ts";
import { decideAutoscaler } from "./decide.ts";
import { AUTOSCALERS, type Autoscaler } from "./hpa.ts";
import { NO_HISTORY, type ScalingHistory } from "./limit.ts";
import type { UsageSource } from "./pod-usage.ts";

export interface AutoscalerControllerOptions {
  readonly autoscalers: Cache<Autoscaler>;
  readonly deployments: Cache<Deployment>;
  readonly replicaSets: Cache<ReplicaSet>;
  readonly pods: Cache<Pod>;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly usage: UsageSource;
}

/** --horizontal-pod-autoscaler-sync-period: usage cannot be watched. */
const SYNC_MS = 15_000;

/** Scales Deployments and ReplicaSets by what their pods use. */
export class AutoscalerController implements Controller {
  readonly name = "horizontal-pod-autoscaler";
  readonly #options: AutoscalerControllerOptions;
  readonly #histories = new Map<string, ScalingHistory>();
  /** When each may be evaluated again: changes of objects do not bring an evaluation forward. */
  readonly #dueAt = new Map<string, number>();

  constructor(options: AutoscalerControllerOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (key: string) => void): void {
    const { autoscalers, deployments } = this.#options;
    autoscalers.subscribe(({ key, old, new: current }) => {
      const text = keyText(key);
      if (current === undefined) this.#forget(text);
      if (!isDeepEqual(old?.spec, current?.spec)) this.#dueAt.delete(text);
      if (current !== undefined) enqueue(text);
    });
    // A target that comes, or leaves 0 replicas, is scaled again.
    deployments.subscribe(({ old, new: current }) => {
      if ((old?.spec.replicas ?? 0) !== 0 || (current?.spec.replicas ?? 0) === 0) return;
      for (const autoscaler of autoscalers.list(current?.metadata.namespace)) {
        const { kind, name } = autoscaler.spec.scaleTargetRef;
        if (kind !== "Deployment" || name !== current?.metadata.name) continue;
        const text = keyText(keyOf(autoscaler));
        this.#dueAt.delete(text);
        enqueue(text);
      }
    });
  }

  async reconcile(key: string): Promise<number | null> {
    const { autoscalers, clock, client, events, usage } = this.#options;
    const autoscaler = autoscalers.get(parseKey(key));
    if (autoscaler === undefined) return null;
    const now = clock.now();
    const dueAt = this.#dueAt.get(key) ?? now;
    if (dueAt > now) return dueAt - now;
    this.#dueAt.set(key, now + SYNC_MS);
    const found = this.#target(autoscaler);
    const history = this.#histories.get(key) ?? NO_HISTORY;
    const decision = decideAutoscaler({
      autoscaler,
      target: found?.state ?? null,
      history,
      source: usage,
      now,
    });
    if (decision.replicas !== null && found !== null) {
      const body = { spec: { replicas: decision.replicas } };
      await client.patch<Deployment>(
        found.resource,
        found.key,
        { type: "merge", body },
        { subresource: "scale" },
      );
    }
    this.#histories.set(key, decision.history);
    for (const event of decision.events) events.record(autoscaler, event);
    if (!isDeepEqual(decision.status, autoscaler.status)) {
      await client.update<Autoscaler>(
        AUTOSCALERS,
        { ...autoscaler, status: decision.status },
        { subresource: "status" },
      );
    }
    // Nothing can change before the target has pods again, and that is told.
    return found === null || found.state.replicas === 0 ? null : SYNC_MS;
  }

  #target(autoscaler: Autoscaler) {
    const { deployments, replicaSets, pods } = this.#options;
    const { kind, name } = autoscaler.spec.scaleTargetRef;
    const key: ObjectKey = { namespace: autoscaler.metadata.namespace, name };
    const [object, resource] =
      kind === "Deployment"
        ? [deployments.get(key), DEPLOYMENTS]
        : [kind === "ReplicaSet" ? replicaSets.get(key) : undefined, REPLICA_SETS];
    if (object === undefined) return null;
    const requirements = requirementsOf(object.spec.selector);
    const [first] = Object.entries(object.spec.selector.matchLabels ?? {});
    const candidates =
      first === undefined
        ? pods.list(key.namespace)
        : pods.by(LABEL_INDEX, labelKey(key.namespace, ...first));
    const selected = candidates.filter((pod) => matchesLabels(requirements, pod.metadata.labels));
    const statusReplicas = object.status?.replicas ?? 0;
    return {
      key,
      resource: resource as Resource<Deployment>,
      state: { replicas: object.spec.replicas, statusReplicas, pods: selected },
    };
  }

  #forget(key: string): void {
    this.#histories.delete(key);
    this.#dueAt.delete(key);
  }
}
