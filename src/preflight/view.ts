import type { Names } from "../api/names.ts";
import type { Finding } from "../api/preflight.ts";
import type { RolloutSpec } from "../api/spec.ts";
import type { DestinationRule, PeerAuthentication, Service, VirtualService } from "../kube/kind/network.ts";
import type { Pod, PodTemplate } from "../kube/kind/workload.ts";

export type Labels = Readonly<Record<string, string>>;

/** Pods of one side of a rollout, and what they are made from. */
export interface SideView {
  /** Null: it does not exist yet, or it was not among what was read. */
  readonly template: PodTemplate | null;
  /** Those that exist now. */
  readonly pods: readonly Pod[];
}

/** The objects around a Rollout, as checks look at them. */
export interface PreflightView {
  readonly rollout: string;
  readonly namespace: string;
  /** The spec in force. */
  readonly spec: RolloutSpec;
  readonly names: Names;
  readonly canary: SideView;
  readonly primary: SideView;
  /** Pods that the canary is to have. */
  readonly canaryReplicas: number;
  /** Whether all Services of a namespace are among what was read. */
  readonly sees: (namespace: string) => boolean;
  /** Undefined: there is none. */
  readonly service: (name: string, namespace: string) => Service | undefined;
  /** Labels of what is, or is to be made, in a namespace: pods, or in files their templates. */
  readonly podLabels: (namespace: string) => readonly Labels[];
  /** Of its own namespace and the mesh's root namespace. */
  readonly destinationRules: readonly DestinationRule[];
  readonly virtualServices: {
    /** The generated one, or those that the spec names. */
    readonly ours: readonly VirtualService[];
    /** Others that have a host of ours. */
    readonly others: readonly VirtualService[];
  };
  /** Of its own namespace and the root namespace. */
  readonly peerAuthentications: readonly PeerAuthentication[];
  /** Null: not known. */
  readonly namespaceLabels: Labels | null;
  /** Where PeerAuthentications without a selector hold for the whole mesh. */
  readonly rootNamespace: string;
  /** `files`: there may be more in the cluster than was read. */
  readonly source: "cluster" | "files";
}

export type Check = (view: PreflightView) => readonly Finding[];
