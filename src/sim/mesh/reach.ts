import type { Cluster, ClusterTls } from "./clusters.ts";
import type { Draw } from "./draw.ts";
import type { GroundTruth, SentRequests } from "./ground-truth.ts";
import { serviceNamed } from "./hosts.ts";
import type { PeerAuthentications, PeerMode } from "./peer-authentication.ts";
import type { PodDirectory } from "./pod-directory.ts";
import type { MeshPod } from "./pods.ts";
import type { ServiceIdentity } from "./telemetry.ts";

/** Who is there, what they ask of callers, and the record of what happens. */
export interface Directory {
  readonly pods: PodDirectory;
  readonly peers: PeerAuthentications;
  readonly truth: GroundTruth;
}

export interface Dealt {
  /** The pod. */
  readonly key: string;
  readonly count: number;
}

/** Requests to pods, evenly by chance; a retry prefers another pod than the one that failed, as Istio's do. */
export function deal(
  draw: Draw,
  all: readonly string[],
  count: number,
  avoid: string | null,
): readonly Dealt[] {
  if (count === 0) return [];
  const others = all.filter((pod) => pod !== avoid);
  const pods = others.length > 0 ? others : all;
  const even = pods.map(() => 1);
  return draw
    .split(count, even)
    .map((dealt, index) => ({ key: pods[index] ?? "", count: dealt }))
    .filter((dealt) => dealt.count > 0);
}

/** Where requests got to. */
export type Reached =
  | { readonly pod: MeshPod; readonly security: "mutual_tls" | "none" }
  /** Nobody there, or it and the caller do not agree on mutual TLS. */
  | { readonly pod: null; readonly end: "connect-failure" | "reset" };

/** The way to one pod: what was sent to it is known whether or not it is there. */
export interface Approach {
  readonly at: number;
  readonly key: string;
  readonly cluster: Cluster;
  readonly requests: SentRequests;
}

export function reach(
  { pods, truth, peers }: Directory,
  { at, key, cluster, requests }: Approach,
  count: number,
): Reached {
  const pod = pods.serving(key);
  if (pod !== null) {
    const security = handshake(pod, peers.modeOf(pod.object), cluster.tls);
    if (security !== "mutual_tls" && security !== "none") {
      truth.unserved(at, "mutualTls", requests.use, count);
      return { pod: null, end: security };
    }
    truth.sent(at, pod.group, requests, count);
    return { pod, security };
  }
  const group = pods.group(key);
  if (group !== null) truth.sent(at, group, requests, count);
  truth.sentToUnready(at, count);
  return { pod: null, end: "connect-failure" };
}

/**
 * How the two sides come to terms. A TLS handshake that nobody answers is a failure to connect; plain text where TLS is
 * asked for finds the connection closed.
 */
function handshake(
  { hasSidecar }: MeshPod,
  mode: PeerMode,
  tls: ClusterTls,
): "mutual_tls" | "none" | "connect-failure" | "reset" {
  if (!hasSidecar) return tls === "mutual" ? "connect-failure" : "none";
  // istiod tells callers which pods take no TLS.
  const offersTls = tls === "mutual" || (tls === "auto" && mode !== "DISABLE");
  if (offersTls) return mode === "DISABLE" ? "connect-failure" : "mutual_tls";
  return mode === "STRICT" ? "reset" : "none";
}

export function serviceOf(cluster: Cluster): ServiceIdentity {
  const named = cluster.service ?? serviceNamed(cluster.host, "");
  return { name: named?.name ?? cluster.host, namespace: named?.namespace ?? "unknown", host: cluster.host };
}
