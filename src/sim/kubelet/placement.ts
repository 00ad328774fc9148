import type { Node, Pod, Taint, Toleration } from "../kinds.ts";

/** Where a pod goes; or why it cannot go anywhere, as kube-scheduler words it. */
export type Placement = { readonly node: string } | { readonly node: null; readonly message: string };

/** Chooses, of the nodes that take the pod, the one with the fewest pods (by name if equal). */
export function place(pod: Pod, nodes: readonly Node[], podsOn: (nodeName: string) => number): Placement {
  const refusals = new Map<string, number>();
  let best: { readonly name: string; readonly pods: number } | null = null;
  for (const node of [...nodes].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))) {
    const { name } = node.metadata;
    const pods = podsOn(name);
    const refusal = refusalOf(pod, node, pods);
    if (refusal !== null) refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1);
    else if (best === null || pods < best.pods) best = { name, pods };
  }
  if (best !== null) return { node: best.name };
  if (nodes.length === 0) return { node: null, message: "no nodes available to schedule pods" };
  const reasons = [...refusals].map(([reason, count]) => `${count} ${reason}`).sort();
  return { node: null, message: `0/${nodes.length} nodes are available: ${reasons.join(", ")}.` };
}

/** Pods that a node takes when it does not say; kubelet's own default is 110. */
const DEFAULT_POD_CAPACITY = 110;

function refusalOf(pod: Pod, node: Node, pods: number): string | null {
  const { name } = node.metadata;
  if (node.spec?.unschedulable === true) return "node(s) were unschedulable";
  const taint = untolerated(pod, node, ["NoSchedule", "NoExecute"]);
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => node.metadata.labels?.[key] === value)) {
    return "node(s) didn't match Pod's node affinity/selector";
  }
  if (!isWanted(pod, name)) return "node(s) didn't match Pod's node affinity/selector";
  const capacity = Number(node.status?.allocatable?.["pods"] ?? DEFAULT_POD_CAPACITY);
  return pods >= capacity ? "Too many pods" : null;
}

interface NodeAffinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: {
      readonly nodeSelectorTerms?: readonly {
        readonly matchFields?: readonly { readonly key: string; readonly values?: readonly string[] }[];
      }[];
    };
  };
}

/** The node that the pod's affinity names, as the pods of a DaemonSet do; undefined: any. Other affinity is ignored. */
export function nodeByAffinity(pod: Pod): string | undefined {
  const affinity = pod.spec["affinity"] as NodeAffinity | undefined;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms?.flatMap((term) => term.matchFields ?? []).find(({ key }) => key === "metadata.name")
    ?.values?.[0];
}

function isWanted(pod: Pod, nodeName: string): boolean {
  const wanted = nodeByAffinity(pod);
  return wanted === undefined || wanted === nodeName;
}

/** The first taint with one of these effects that the pod does not tolerate. */
export function untolerated(pod: Pod, node: Node, effects: readonly string[]): Taint | undefined {
  const tolerations = pod.spec.tolerations ?? [];
  return node.spec?.taints?.find(
    (taint) =>
      effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

/** corev1 Toleration.ToleratesTaint. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== "" && toleration.effect !== taint.effect) {
    return false;
  }
  if (toleration.key !== undefined && toleration.key !== "" && toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}
