import type { Cache } from "../../kube/cache.ts";
import type { Client } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/event-recorder.ts";
import { keyOf, keyText, parseKey } from "../../kube/object.ts";
import type { Clock } from "../../lib/clock.ts";
import { isDeepEqual } from "../../lib/json.ts";
import type { ImageBook } from "../image.ts";
import { type Node, PODS, type Pod } from "../kinds.ts";
import type { Controller } from "../workloads/controller.ts";
import { NODE_INDEX } from "../workloads/indexes.ts";
import { controllerOf } from "../workloads/owner.ts";
import { isTerminating } from "../workloads/pods.ts";
import { deleteExactly } from "../workloads/writes.ts";
import { AddressPool } from "./addresses.ts";
import { killingEvents, podEvents } from "./pod-events.ts";
import {
  advancePod,
  type Behaviours,
  containerPlans,
  goneAt,
  newPodRun,
  nextChangeDelayMs,
  type PodRun,
  restoredPodRun,
} from "./pod-run.ts";
import { podStatus } from "./pod-status.ts";

export interface KubeletOptions {
  readonly pods: Cache<Pod>;
  readonly nodes: Cache<Node>;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly book: ImageBook;
  /** Whether the node of this name is one of ours and running; pods of other nodes are left alone. */
  readonly isRunning: (nodeName: string) => boolean;
}

/**
 * The kubelets of all simulated nodes. A pod is looked at when its object changes and when its next phase is due;
 * nothing is polled, and a status is written only when it differs.
 */
export class Kubelet implements Controller {
  readonly name = "kubelet";
  readonly #options: KubeletOptions;
  readonly #runs = new Map<string, PodRun>();
  readonly #addresses = new AddressPool();

  constructor(options: KubeletOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (key: string) => void): void {
    this.#options.pods.subscribe(({ key, old, new: current }) => {
      if (old !== undefined && current === undefined) this.#forget(old);
      if (current?.status?.podIP !== undefined) this.#addresses.claim(current.status.podIP);
      if (current?.spec.nodeName !== undefined) enqueue(keyText(key));
    });
  }

  /** The keys of the pods on a node: all are to be looked at when the node comes back, or when images change. */
  podsOn(nodeName: string): readonly string[] {
    return this.#options.pods.by(NODE_INDEX, nodeName).map((pod) => keyText(keyOf(pod)));
  }

  async reconcile(key: string): Promise<number | null> {
    const { pods, isRunning } = this.#options;
    const pod = pods.get(parseKey(key));
    if (pod?.spec.nodeName === undefined || !isRunning(pod.spec.nodeName)) return null;
    return isTerminating(pod) ? await this.#stop(pod) : await this.#run(pod);
  }

  async #run(pod: Pod): Promise<number | null> {
    const { clock, client, events } = this.#options;
    const now = clock.now();
    const plans = containerPlans(pod, this.#behavioursOf(pod));
    const before = this.#runs.get(uidOf(pod)) ?? null;
    const after = advancePod(before ?? this.#begin(pod, now), plans, now);
    this.#runs.set(uidOf(pod), after);
    const status = podStatus(pod, after, this.#hostIp(pod), now);
    if (!isDeepEqual(status, pod.status)) {
      const body = { metadata: { uid: pod.metadata.uid }, status };
      await client.patch(PODS, keyOf(pod), { type: "merge", body }, { subresource: "status" });
    }
    for (const event of podEvents(pod, before, after, now)) events.record(pod, event);
    // What falls due while the status is being written is due at once, not never.
    const delayMs = nextChangeDelayMs(after, now);
    return delayMs === null ? null : Math.max(0, delayMs - (clock.now() - now));
  }

  /** A pod that is asked to go serves on until its containers have stopped; then the object goes too. */
  async #stop(pod: Pod): Promise<number | null> {
    const { clock, client, events } = this.#options;
    const now = clock.now();
    const behaviours = this.#behavioursOf(pod);
    const run = this.#runs.get(uidOf(pod)) ?? this.#begin(pod, now);
    const stopping = run.stoppingSince === null ? { ...run, stoppingSince: now } : run;
    this.#runs.set(uidOf(pod), stopping);
    if (run.stoppingSince === null) for (const event of killingEvents(pod)) events.record(pod, event);
    const graceSeconds = pod.metadata.deletionGracePeriodSeconds ?? 0;
    const left = goneAt(stopping, behaviours, graceSeconds) - now;
    if (left > 0) return left;
    // Finalizers may keep the object; it has been told that its containers are gone then.
    if (graceSeconds > 0) await deleteExactly(client, PODS, pod, { gracePeriodSeconds: 0 });
    return null;
  }

  #begin(pod: Pod, now: number): PodRun {
    const plans = containerPlans(pod, this.#behavioursOf(pod));
    const isKnown = pod.status?.containerStatuses !== undefined;
    const ip =
      pod.status?.podIP ?? (pod.spec.hostNetwork === true ? this.#hostIp(pod) : this.#addresses.take());
    return isKnown ? restoredPodRun(pod, plans, ip, now) : newPodRun(plans, ip, now);
  }

  #forget(pod: Pod): void {
    const address = this.#runs.get(uidOf(pod))?.ip ?? pod.status?.podIP;
    this.#runs.delete(uidOf(pod));
    if (address !== undefined) this.#addresses.giveBack(address);
  }

  #behavioursOf(pod: Pod): Behaviours {
    const identity = { uid: uidOf(pod), owner: controllerOf(pod)?.uid ?? uidOf(pod) };
    return pod.spec.containers.map((container) => this.#options.book(container.image, identity));
  }

  #hostIp(pod: Pod): string {
    const node = this.#options.nodes.get({ name: pod.spec.nodeName ?? "" });
    const addresses = node?.status?.addresses ?? [];
    return addresses.find((address) => address.type === "InternalIP")?.address ?? "10.0.0.1";
  }
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? "";
}
