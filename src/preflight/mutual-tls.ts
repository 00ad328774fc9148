import type { PeerAuthentication } from "../kube/kind/network.ts";
import type { Labels, PreflightView } from "./view.ts";

export interface PeerMode {
  readonly mode: "DISABLE" | "PERMISSIVE" | "STRICT";
  /** Who says so; null: nobody, it is the default. */
  readonly by: PeerAuthentication | null;
}

/**
 * What proxies of pods with these labels ask of callers on a port: the narrowest PeerAuthentication that says anything,
 * of the workload, its namespace, the mesh; of several equal ones the oldest.
 * https://istio.io/latest/docs/reference/config/security/peer_authentication/
 */
export function peerMode(view: PreflightView, labels: Labels, port: number | null): PeerMode {
  const { namespace, rootNamespace, peerAuthentications } = view;
  const all = [...peerAuthentications].sort((a, b) => (age(a) < age(b) ? -1 : 1));
  const levels = [
    all.find((it) => it.metadata.namespace === namespace && selects(it, labels)),
    all.find((it) => it.metadata.namespace === namespace && isWide(it)),
    all.find((it) => it.metadata.namespace === rootNamespace && isWide(it)),
  ];
  for (const by of levels) {
    const mode = by === undefined ? "UNSET" : modeIn(by, port);
    if (by !== undefined && mode !== "UNSET") return { mode, by };
  }
  return { mode: "PERMISSIVE", by: null };
}

function modeIn({ spec }: PeerAuthentication, port: number | null) {
  const ofPort = port === null ? undefined : spec?.portLevelMtls?.[String(port)]?.mode;
  const mode = ofPort === undefined || ofPort === "UNSET" ? spec?.mtls?.mode : ofPort;
  return mode ?? "UNSET";
}

function selects({ spec }: PeerAuthentication, labels: Labels): boolean {
  const wanted = Object.entries(spec?.selector?.matchLabels ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

function isWide({ spec }: PeerAuthentication): boolean {
  return Object.keys(spec?.selector?.matchLabels ?? {}).length === 0;
}

function age({ metadata }: PeerAuthentication): string {
  return `${metadata.creationTimestamp ?? ""} ${metadata.name}`;
}
