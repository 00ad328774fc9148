import type { Pod } from "../../kinds.ts";
import { timeMs } from "../../time-text.ts";
import { isReady, readySinceMs, restartsOf } from "../pods.ts";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

const PHASE_RANK: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** Pods and what ranks them beyond themselves. */
export interface VictimContext {
  readonly now: number;
  /** Pods of the same kind (same ReplicaSet or a sibling of it) on each node. */
  readonly relatedOnNode: ReadonlyMap<string, number>;
}

type Order = (a: Pod, b: Pod, context: VictimContext) => number;

/** What makes a pod go before another, the strongest reason first (kube-controller-manager: ActivePodsWithRanks). */
const ORDERS: readonly Order[] = [
  // Not yet on a node.
  (a, b) => Number(a.spec.nodeName !== undefined) - Number(b.spec.nodeName !== undefined),
  (a, b) => phaseRank(a) - phaseRank(b),
  (a, b) => Number(isReady(a)) - Number(isReady(b)),
  (a, b) => deletionCost(a) - deletionCost(b),
  // Doubled up on a node.
  (a, b, context) => related(b, context) - related(a, context),
  // Ready, or there, for less time; on a logarithmic scale, so that about equally old ones count as equal.
  (a, b, context) => magnitude(readySinceMs(a), context) - magnitude(readySinceMs(b), context),
  (a, b) => restartsOf(b) - restartsOf(a),
  (a, b, context) => magnitude(createdAt(a), context) - magnitude(createdAt(b), context),
  (a, b) => (a.metadata.uid ?? "").localeCompare(b.metadata.uid ?? ""),
];

/** The `count` pods that a ReplicaSet deletes when it has so many too many. */
export function pickVictims(pods: readonly Pod[], count: number, context: VictimContext): readonly Pod[] {
  return [...pods].sort((a, b) => compare(a, b, context)).slice(0, count);
}

function compare(a: Pod, b: Pod, context: VictimContext): number {
  for (const order of ORDERS) {
    const difference = order(a, b, context);
    if (difference !== 0) return difference;
  }
  return 0;
}

function phaseRank(pod: Pod): number {
  return PHASE_RANK[pod.status?.phase ?? "Pending"] ?? 0;
}

function deletionCost(pod: Pod): number {
  return Number.parseInt(pod.metadata.annotations?.[DELETION_COST] ?? "0", 10) || 0;
}

function related(pod: Pod, context: VictimContext): number {
  return context.relatedOnNode.get(pod.spec.nodeName ?? "") ?? 0;
}

function createdAt(pod: Pod): number | null {
  return timeMs(pod.metadata.creationTimestamp) || null;
}

/** Floor of the binary logarithm of the age in nanoseconds, as Kubernetes takes it; an unknown time is the youngest. */
function magnitude(at: number | null, context: VictimContext): number {
  if (at === null) return 0;
  return Math.floor(Math.log2(Math.max(1, (context.now - at) * 1e6)));
}
