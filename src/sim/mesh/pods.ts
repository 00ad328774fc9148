import type { Pod } from "../../kube/kind/workload.ts";
import { keyOf, keyText } from "../../kube/object.ts";
import { type ImageBehaviour, type ImageBook, servingBehaviour } from "../image.ts";
import { timeMs } from "../time-text.ts";
import type { PodGroup } from "./ground-truth.ts";
import { ProxyStats, type WorkloadIdentity } from "./telemetry.ts";

const HASH_LABEL = "pod-template-hash";

/** A pod as it really is at this instant, and its sidecar. */
export class MeshPod {
  /** `namespace/name`. */
  readonly key: string;
  readonly stats = new ProxyStats();
  readonly identity: WorkloadIdentity;
  readonly group: PodGroup;
  /** Without one nobody reports requests where they arrive, and they arrive in plain text. */
  readonly hasSidecar: boolean;
  #pod: Pod;

  constructor(pod: Pod, hasSidecar: boolean) {
    this.#pod = pod;
    this.key = keyText(keyOf(pod));
    this.identity = identityOf(pod);
    this.group = groupOf(pod);
    this.hasSidecar = hasSidecar;
  }

  get object(): Pod {
    return this.#pod;
  }

  update(pod: Pod): void {
    this.#pod = pod;
  }

  get serves(): boolean {
    return serves(this.#pod);
  }

  behaviour(book: ImageBook, now: number): Pick<ImageBehaviour, "errorRate" | "latency" | "errorStatus"> {
    const { metadata, spec, status } = this.#pod;
    const owner = metadata.ownerReferences?.[0]?.uid ?? "";
    const behaviour = book(spec.containers[0]?.image ?? "", { uid: metadata.uid ?? "", owner });
    const startedAt = timeMs(status?.containerStatuses?.[0]?.state?.running?.startedAt);
    const errorStatus = behaviour.errorStatus ?? 500;
    return { ...servingBehaviour(behaviour, startedAt === 0 ? 0 : now - startedAt), errorStatus };
  }
}

/**
 * Whether a pod's port answers: the container runs and has been ready. A pod that is being deleted serves until its
 * container stops, ready or not.
 */
export function serves(pod: Pod): boolean {
  const { status, metadata } = pod;
  if (status?.phase !== "Running" || !(status.containerStatuses ?? []).every(isRunning)) return false;
  return metadata.deletionTimestamp !== undefined || isReady(pod);
}

function isRunning(status: { readonly state?: { readonly running?: unknown } }): boolean {
  return status.state?.running !== undefined;
}

function isReady(pod: Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");
}

/** Istio names a workload after the owner that a person made: a ReplicaSet's hash is cut off. */
export function workloadName(pod: Pod): string {
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner === undefined) return pod.metadata.name;
  const hash = pod.metadata.labels?.[HASH_LABEL];
  const suffix = hash === undefined ? null : `-${hash}`;
  if (owner.kind !== "ReplicaSet" || suffix === null || !owner.name.endsWith(suffix)) return owner.name;
  return owner.name.slice(0, -suffix.length);
}

export function identityOf(pod: Pod): WorkloadIdentity {
  const { labels, namespace } = pod.metadata;
  return {
    workload: workloadName(pod),
    namespace: namespace ?? "",
    app: labels?.["app"] ?? labels?.["app.kubernetes.io/name"] ?? workloadName(pod),
    version: labels?.["version"] ?? labels?.["app.kubernetes.io/version"] ?? "latest",
  };
}

export function groupOf(pod: Pod): PodGroup {
  return {
    namespace: pod.metadata.namespace ?? "",
    workload: workloadName(pod),
    hash: pod.metadata.labels?.[HASH_LABEL] ?? "",
  };
}
