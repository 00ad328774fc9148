import type { PodSpec as KubePodSpec } from "../../../kube/kind/workload.ts";
import type { ObjectMeta } from "../../../kube/object.ts";
import type { Node, Pod, Toleration } from "../../kinds.ts";
import { nodeByAffinity, untolerated } from "../../kubelet/placement.ts";
import { controllerReference } from "../owner.ts";
import { availableAtMs, isActivePod, isReady } from "../pods.ts";
import { DAEMON_SETS, type DaemonSet, type DaemonSetStatus, REVISION_HASH } from "./daemon-set.ts";

export interface DaemonInput {
  readonly daemonSet: DaemonSet;
  /** Of the current template. */
  readonly hash: string;
  readonly nodes: readonly Node[];
  /** Those that it controls, terminating ones included. */
  readonly pods: readonly Pod[];
  readonly now: number;
}

export interface DaemonPlan {
  /** Names of the nodes that need a pod. */
  readonly create: readonly string[];
  readonly delete: readonly Pod[];
  readonly status: DaemonSetStatus;
}

/** Daemons run where nothing else may (kube-controller-manager: daemon/util AddOrUpdateDaemonPodTolerations). */
const DAEMON_TOLERATIONS: readonly Toleration[] = [
  ["not-ready", "NoExecute"],
  ["unreachable", "NoExecute"],
  ["disk-pressure", "NoSchedule"],
  ["memory-pressure", "NoSchedule"],
  ["pid-pressure", "NoSchedule"],
  ["unschedulable", "NoSchedule"],
].map(([key, effect = ""]) => ({ key: `node.kubernetes.io/${key}`, operator: "Exists", effect }));

/** One active pod of the current template on every node that takes it. */
export function planDaemons(input: DaemonInput): DaemonPlan {
  const { daemonSet, nodes, pods } = input;
  const eligible = new Set(nodes.filter((node) => takes(node, daemonSet)).map((node) => node.metadata.name));
  const byNode = activeByNode(pods);
  const misplaced = [...byNode].flatMap(([node, found]) => (eligible.has(node) ? [] : found));
  const doubled = [...byNode].flatMap(([node, found]) => (eligible.has(node) ? found.slice(1) : []));
  const failed = pods.filter(
    (pod) => pod.status?.phase === "Failed" && pod.metadata.deletionTimestamp === undefined,
  );
  const occupied = new Set(pods.filter((pod) => pod.status?.phase !== "Failed").map(nodeOf));
  return {
    create: [...eligible].filter((node) => !occupied.has(node)),
    delete: [...misplaced, ...doubled, ...failed, ...outdated(input, eligible, byNode)],
    status: statusOf(input, eligible, byNode, misplaced.length),
  };
}

/** Old pods that may go now: those that do not serve anyway, and as many others as maxUnavailable allows. */
function outdated(
  { daemonSet, hash, now }: DaemonInput,
  eligible: ReadonlySet<string>,
  byNode: ReadonlyMap<string, readonly Pod[]>,
): readonly Pod[] {
  const { updateStrategy, minReadySeconds = 0 } = daemonSet.spec;
  if (updateStrategy?.type === "OnDelete") return [];
  const daemons = [...eligible].map((node) => byNode.get(node)?.[0]);
  const isServing = (pod: Pod | undefined) =>
    pod !== undefined && (availableAtMs(pod, minReadySeconds) ?? Number.POSITIVE_INFINITY) <= now;
  const old = daemons.filter(
    (pod) => pod !== undefined && pod.metadata.labels?.[REVISION_HASH] !== hash,
  ) as Pod[];
  const idle = old.filter((pod) => !isServing(pod));
  const unavailable = daemons.filter((pod) => !isServing(pod)).length;
  const allowed = Math.max(0, maxUnavailable(daemonSet, eligible.size) - unavailable);
  return [...idle, ...old.filter(isServing).slice(0, allowed)];
}

/** At least one, or an update would never end. Rounded up, unlike for Deployments. */
function maxUnavailable({ spec }: DaemonSet, nodes: number): number {
  const value = spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  const count = typeof value === "number" ? value : Math.ceil((Number.parseInt(value, 10) * nodes) / 100);
  return Math.max(1, count);
}

function takes(node: Node, daemonSet: DaemonSet): boolean {
  const spec = daemonSet.spec.template.spec as Pod["spec"];
  const wanted = Object.entries(spec.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => node.metadata.labels?.[key] === value)) return false;
  const daemon = podOf(daemonSet, "", node.metadata.name);
  return untolerated(daemon, node, ["NoSchedule", "NoExecute"]) === undefined;
}

function activeByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods.filter(isActivePod)) {
    const found = byNode.get(nodeOf(pod));
    if (found === undefined) byNode.set(nodeOf(pod), [pod]);
    else found.push(pod);
  }
  return byNode;
}

/** The node that the pod runs on, or that it was made for. */
function nodeOf(pod: Pod): string {
  return pod.spec.nodeName ?? nodeByAffinity(pod) ?? "";
}

function statusOf(
  { daemonSet, hash, now }: DaemonInput,
  eligible: ReadonlySet<string>,
  byNode: ReadonlyMap<string, readonly Pod[]>,
  misplaced: number,
): DaemonSetStatus {
  const daemons = [...eligible].map((node) => byNode.get(node)?.[0]).filter((pod) => pod !== undefined);
  const { minReadySeconds = 0 } = daemonSet.spec;
  const available = daemons.filter(
    (pod) => (availableAtMs(pod, minReadySeconds) ?? Number.POSITIVE_INFINITY) <= now,
  ).length;
  const updated = daemons.filter((pod) => pod.metadata.labels?.[REVISION_HASH] === hash).length;
  const unavailable = eligible.size - available;
  return {
    currentNumberScheduled: daemons.length,
    numberMisscheduled: misplaced,
    desiredNumberScheduled: eligible.size,
    numberReady: daemons.filter(isReady).length,
    observedGeneration: daemonSet.metadata.generation ?? 0,
    ...(updated === 0 ? {} : { updatedNumberScheduled: updated }),
    ...(available === 0 ? {} : { numberAvailable: available }),
    ...(unavailable === 0 ? {} : { numberUnavailable: unavailable }),
  };
}

/** The pod for a node: bound there by affinity, so that it takes the way of all pods, through the scheduler. */
export function podOf(daemonSet: DaemonSet, hash: string, nodeName: string): Pod {
  const { metadata, spec } = daemonSet.spec.template;
  const { name, namespace } = daemonSet.metadata;
  const podMetadata: ObjectMeta = {
    name: "",
    generateName: `${name}-`,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { ...metadata?.labels, [REVISION_HASH]: hash },
    ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
    ownerReferences:
      daemonSet.metadata.uid === undefined ? [] : [controllerReference(DAEMON_SETS, daemonSet)],
  };
  const own = (spec["tolerations"] ?? []) as readonly Toleration[];
  const matchFields = [{ key: "metadata.name", operator: "In", values: [nodeName] }];
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
  const podSpec: KubePodSpec = { ...spec, affinity, tolerations: [...own, ...DAEMON_TOLERATIONS] };
  return { apiVersion: "v1", kind: "Pod", metadata: podMetadata, spec: podSpec as Pod["spec"] };
}
