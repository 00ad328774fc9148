import type { Cache } from "../../kube/cache.ts";
import type { Client } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/event-recorder.ts";
import { keyOf } from "../../kube/object.ts";
import type { Clock } from "../../lib/clock.ts";
import { isDeepEqual } from "../../lib/json.ts";
import { isoTime } from "../../lib/time.ts";
import { NODES, type Node, PODS, type Pod, type PodCondition, type Taint } from "../kinds.ts";
import { findCondition } from "../workloads/conditions.ts";
import type { Controller } from "../workloads/controller.ts";
import { normalEvent, warningEvent } from "../workloads/event.ts";
import { NODE_INDEX } from "../workloads/indexes.ts";
import { isActivePod, isReady } from "../workloads/pods.ts";
import { deleteExactly } from "../workloads/writes.ts";
import { readyCondition } from "./node-object.ts";
import { tolerates } from "./placement.ts";

export interface NodeLifecycleOptions {
  readonly pods: Cache<Pod>;
  readonly nodes: Cache<Node>;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
  /** Since when nothing is heard of a node's kubelet; undefined: it is well. */
  readonly silentSince: (nodeName: string) => number | undefined;
}

/** --node-monitor-grace-period: a node is given up when its kubelet has been silent for so long. */
const GRACE_MS = 40_000;
const UNREACHABLE = "node.kubernetes.io/unreachable";

/**
 * What becomes of a node whose kubelet has gone silent, and of its pods: not ready after 40 s, deleted when they do not
 * tolerate it any longer (300 s by default). Instead of heartbeats it is told who is silent.
 */
export class NodeLifecycle implements Controller {
  readonly name = "node-controller";
  readonly #options: NodeLifecycleOptions;

  constructor(options: NodeLifecycleOptions) {
    this.#options = options;
  }

  subscribe(): void {
    // Nodes fall silent; no object tells.
  }

  async reconcile(name: string): Promise<number | null> {
    const { nodes, clock, silentSince } = this.#options;
    const node = nodes.get({ name });
    if (node === undefined) return null;
    const since = silentSince(name);
    if (since === undefined) {
      await this.#report(node, true);
      return null;
    }
    const givenUpAt = since + GRACE_MS;
    if (clock.now() < givenUpAt) return givenUpAt - clock.now();
    await this.#report(node, false);
    return await this.#leave(node, givenUpAt);
  }

  async #report(node: Node, isHeardOf: boolean): Promise<void> {
    const { client, clock, events } = this.#options;
    const now = clock.now();
    const ready = findCondition(node.status?.conditions, "Ready");
    if ((ready?.status === "True") !== isHeardOf) {
      const conditions = [
        ...(node.status?.conditions ?? []).filter(({ type }) => type !== "Ready"),
        readyCondition(isHeardOf, now),
      ];
      const patch = { type: "merge", body: { status: { conditions } } } as const;
      await client.patch(NODES, keyOf(node), patch, { subresource: "status" });
      const reason = isHeardOf ? "NodeReady" : "NodeNotReady";
      events.record(node, normalEvent(reason, `Node ${node.metadata.name} status is now: ${reason}`));
    }
    const others = (node.spec?.taints ?? []).filter(({ key }) => key !== UNREACHABLE);
    const known = (node.spec?.taints ?? []).filter(({ key }) => key === UNREACHABLE);
    const taints = isHeardOf ? others : [...others, ...(known.length > 0 ? known : unreachableTaints(now))];
    if (isDeepEqual(taints, node.spec?.taints ?? [])) return;
    await client.patch(NODES, keyOf(node), { type: "merge", body: { spec: { taints } } });
  }

  /** Answers with how long until the next pod is to be evicted. */
  async #leave(node: Node, givenUpAt: number): Promise<number | null> {
    const { pods, clock } = this.#options;
    let nextMs: number | null = null;
    for (const pod of pods.by(NODE_INDEX, node.metadata.name).filter(isActivePod)) {
      if (isReady(pod)) await this.#markUnready(pod);
      const tolerated = toleratedMs(pod);
      if (tolerated === null) continue;
      const left = givenUpAt + tolerated - clock.now();
      if (left <= 0) await this.#evict(pod);
      else nextMs = Math.min(nextMs ?? left, left);
    }
    return nextMs;
  }

  async #markUnready(pod: Pod): Promise<void> {
    const { client, clock, events } = this.#options;
    const at = isoTime(clock.now());
    const conditions: readonly PodCondition[] = (pod.status?.conditions ?? []).map((condition) =>
      condition.type === "Ready" ? { ...condition, status: "False", lastTransitionTime: at } : condition,
    );
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions } };
    await client.patch(PODS, keyOf(pod), { type: "merge", body }, { subresource: "status" });
    events.record(pod, warningEvent("NodeNotReady", "Node is not ready"));
  }

  async #evict(pod: Pod): Promise<void> {
    const { client, events } = this.#options;
    events.record(
      pod,
      normalEvent("TaintManagerEviction", `Deleting pod ${pod.metadata.namespace}/${pod.metadata.name}`),
    );
    await deleteExactly(client, PODS, pod);
  }
}

function unreachableTaints(now: number): readonly Taint[] {
  const timeAdded = isoTime(now);
  return [
    { key: UNREACHABLE, effect: "NoSchedule", timeAdded },
    { key: UNREACHABLE, effect: "NoExecute", timeAdded },
  ];
}

/** How long the pod stays on an unreachable node; null: for ever. */
function toleratedMs(pod: Pod): number | null {
  const taint = { key: UNREACHABLE, effect: "NoExecute" };
  const fitting = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
  if (fitting.length === 0) return 0;
  const seconds = fitting.map(({ tolerationSeconds }) => tolerationSeconds).filter((it) => it !== undefined);
  return seconds.length === 0 ? null : Math.min(...seconds) * 1_000;
}
