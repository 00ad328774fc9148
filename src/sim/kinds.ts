import type {
  Condition,
  ContainerStatus as KubeContainerStatus,
  Deployment as KubeDeployment,
  Pod as KubePod,
  PodSpec as KubePodSpec,
  ReplicaSet as KubeReplicaSet,
} from "../kube/kind/workload.ts";
import type { KubeObject } from "../kube/object.ts";
import type { Resource } from "../kube/resource.ts";
import { DEPLOYMENT, POD, REPLICA_SET } from "../kube/resources.ts";

/**
 * Shapes for those who play the cluster's part: kube/kind tells what a client needs to know, this adds what only
 * controllers, scheduler and kubelet look at. Objects are taken as stored: the API server has filled in defaults.
 */
type StringMap = Readonly<Record<string, string>>;

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
  readonly readinessProbe?: { readonly initialDelaySeconds?: number };
  readonly resources?: { readonly requests?: StringMap; readonly limits?: StringMap };
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: "Exists" | "Equal";
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

export interface PodSpec extends KubePodSpec {
  readonly containers: readonly (KubePodSpec["containers"][number] & Container)[];
  readonly initContainers?: readonly (KubePodSpec["containers"][number] & Container)[];
  readonly nodeSelector?: StringMap;
  readonly tolerations?: readonly Toleration[];
  readonly restartPolicy?: "Always" | "OnFailure" | "Never";
  readonly hostNetwork?: boolean;
  readonly readinessGates?: readonly { readonly conditionType: string }[];
}

export interface PodCondition extends Condition {
  readonly lastProbeTime?: string | null;
}

/** Exactly one member is there. */
export interface ContainerState {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason: string;
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly containerID?: string;
  };
}

export interface ContainerStatus extends KubeContainerStatus {
  readonly state: ContainerState;
  readonly lastState: ContainerState;
}

export interface PodStatus {
  readonly [member: string]: unknown;
  readonly phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly PodCondition[];
  readonly hostIP?: string;
  readonly hostIPs?: readonly { readonly ip: string }[];
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly startTime?: string;
  readonly observedGeneration?: number;
  readonly qosClass?: string;
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

export interface Pod extends KubePod {
  readonly spec: PodSpec;
  readonly status?: PodStatus;
}

export interface Deployment extends KubeDeployment {
  readonly spec: KubeDeployment["spec"] & { readonly replicas: number };
}

export type DeploymentStatus = NonNullable<KubeDeployment["status"]>;

export type ReplicaSetStatus = NonNullable<KubeReplicaSet["status"]> & {
  readonly replicas: number;
  readonly conditions?: readonly Condition[];
};

export interface ReplicaSet extends KubeReplicaSet {
  readonly spec: KubeReplicaSet["spec"] & { readonly replicas: number };
  readonly status?: ReplicaSetStatus;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

export interface Node extends KubeObject {
  readonly spec?: {
    readonly podCIDR?: string;
    readonly unschedulable?: boolean;
    readonly taints?: readonly Taint[];
  };
  readonly status?: {
    readonly capacity?: StringMap;
    readonly allocatable?: StringMap;
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly (Condition & { readonly lastHeartbeatTime?: string })[];
    readonly nodeInfo?: StringMap;
  };
}

/** Assigns a pod to a node. */
export interface Binding extends KubeObject {
  readonly target: { readonly apiVersion: string; readonly kind: string; readonly name: string };
}

/** The resources of kube/resources.ts, with these shapes. */
export const PODS = POD as Resource<Pod>;
export const DEPLOYMENTS = DEPLOYMENT as Resource<Deployment>;
export const REPLICA_SETS = REPLICA_SET as Resource<ReplicaSet>;
export const NODES: Resource<Node> = {
  group: "",
  version: "v1",
  kind: "Node",
  plural: "nodes",
  namespaced: false,
};

/** The subresource `pods/NAME/binding`: creating one binds the pod. */
export function bindingsOf(podName: string): Resource<Binding> {
  return {
    group: "",
    version: "v1",
    kind: "Binding",
    plural: `pods/${podName}/binding`,
    namespaced: true,
  };
}
