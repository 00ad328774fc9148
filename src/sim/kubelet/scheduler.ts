import type { Cache } from "../../kube/cache.ts";
import type { Client } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/event-recorder.ts";
import { keyOf, keyText, parseKey } from "../../kube/object.ts";
import type { Clock } from "../../lib/clock.ts";
import { isoTime } from "../../lib/time.ts";
import { bindingsOf, type Node, PODS, type Pod } from "../kinds.ts";
import { findCondition } from "../workloads/conditions.ts";
import type { Controller } from "../workloads/controller.ts";
import { normalEvent, warningEvent } from "../workloads/event.ts";
import { NODE_INDEX } from "../workloads/indexes.ts";
import { isActivePod } from "../workloads/pods.ts";
import { place } from "./placement.ts";

export interface SchedulerOptions {
  readonly pods: Cache<Pod>;
  readonly nodes: Cache<Node>;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

/** Binds pods to nodes: those of the default scheduler that have no node yet. */
export class Scheduler implements Controller {
  readonly name = "default-scheduler";
  readonly #options: SchedulerOptions;
  /** Pods that were bound, by uid, until the cache shows their node. */
  readonly #assumed = new Map<string, string>();
  /** Active pods by node, as the cache has them. */
  readonly #counts = new Map<string, number>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (key: string) => void): void {
    const { pods, nodes } = this.#options;
    pods.subscribe(({ key, old, new: current }) => {
      this.#count(old, -1);
      this.#count(current, 1);
      const uid = (current ?? old)?.metadata.uid ?? "";
      if (current?.spec.nodeName !== undefined || current === undefined) this.#assumed.delete(uid);
      else enqueue(keyText(key));
    });
    // A node that has come, or is free again, may take what found no place.
    nodes.subscribe(() => {
      for (const pod of pods.by(NODE_INDEX, "")) enqueue(keyText(keyOf(pod)));
    });
  }

  async reconcile(key: string): Promise<null> {
    const pod = this.#options.pods.get(parseKey(key));
    if (pod === undefined || !this.#isWaiting(pod)) return null;
    const placement = place(pod, this.#options.nodes.list(), (name) => this.#podsOn(name));
    if (placement.node === null) await this.#refuse(pod, placement.message);
    else await this.#bind(pod, placement.node);
    return null;
  }

  #isWaiting(pod: Pod): boolean {
    return (
      pod.spec.nodeName === undefined &&
      isActivePod(pod) &&
      (pod.spec["schedulerName"] ?? this.name) === this.name &&
      !this.#assumed.has(pod.metadata.uid ?? "")
    );
  }

  #podsOn(nodeName: string): number {
    const assumed = [...this.#assumed.values()].filter((name) => name === nodeName).length;
    return (this.#counts.get(nodeName) ?? 0) + assumed;
  }

  #count(pod: Pod | undefined, change: number): void {
    if (pod?.spec.nodeName === undefined || !isActivePod(pod)) return;
    this.#counts.set(pod.spec.nodeName, (this.#counts.get(pod.spec.nodeName) ?? 0) + change);
  }

  async #bind(pod: Pod, nodeName: string): Promise<void> {
    const { client, events } = this.#options;
    const { name, namespace, uid } = pod.metadata;
    this.#assumed.set(uid ?? "", nodeName);
    try {
      await client.create(bindingsOf(name), {
        apiVersion: "v1",
        kind: "Binding",
        metadata: {
          name,
          ...(namespace === undefined ? {} : { namespace }),
          ...(uid === undefined ? {} : { uid }),
        },
        target: { apiVersion: "v1", kind: "Node", name: nodeName },
      });
    } catch (error) {
      this.#assumed.delete(uid ?? "");
      throw error;
    }
    events.record(
      pod,
      normalEvent("Scheduled", `Successfully assigned ${keyText(keyOf(pod))} to ${nodeName}`),
    );
  }

  async #refuse(pod: Pod, message: string): Promise<void> {
    const { client, events, clock } = this.#options;
    const known = findCondition(pod.status?.conditions, "PodScheduled");
    if (known?.message === message) return;
    const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastProbeTime: null,
      lastTransitionTime: known?.lastTransitionTime ?? isoTime(clock.now()),
    };
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [...others, condition] } };
    await client.patch(PODS, keyOf(pod), { type: "merge", body }, { subresource: "status" });
    events.record(pod, warningEvent("FailedScheduling", message));
  }
}
