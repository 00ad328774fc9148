import type { Cluster } from "./clusters.ts";
import type { Draw } from "./draw.ts";
import type { GroundTruth, SentRequests } from "./ground-truth.ts";
import { serviceNamed } from "./hosts.ts";
import type { PodDirectory } from "./pod-directory.ts";
import type { MeshPod } from "./pods.ts";
import type { ServiceIdentity } from "./telemetry.ts";

export interface Dealt {
  /** The pod. */
  readonly key: string;
  readonly count: number;
}

/** Requests to pods, evenly by chance; a retry prefers another pod than the one that failed, as Istio's do. */
export function deal(draw: Draw, cluster: Cluster, count: number, avoid: string | null): readonly Dealt[] {
  if (count === 0) return [];
  const all = cluster.endpoints.map(({ pod }) => pod);
  const others = all.filter((pod) => pod !== avoid);
  const pods = others.length > 0 ? others : all;
  const even = pods.map(() => 1);
  return draw
    .split(count, even)
    .map((dealt, index) => ({ key: pods[index] ?? "", count: dealt }))
    .filter((dealt) => dealt.count > 0);
}

/** The pod when it is there; either way the requests were sent to it. */
export function reach(
  { pods, truth }: { readonly pods: PodDirectory; readonly truth: GroundTruth },
  at: number,
  key: string,
  requests: SentRequests,
  count: number,
): MeshPod | null {
  const group = pods.group(key);
  if (group !== null) truth.sent(at, group, requests, count);
  const pod = pods.serving(key);
  if (pod === null) truth.sentToUnready(at, count);
  return pod;
}

export function serviceOf(cluster: Cluster): ServiceIdentity {
  const named = cluster.service ?? serviceNamed(cluster.host, "");
  return { name: named?.name ?? cluster.host, namespace: named?.namespace ?? "unknown", host: cluster.host };
}
