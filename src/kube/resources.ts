import type {
  ConfigMap,
  CustomResourceDefinition,
  Event,
  Lease,
  Namespace,
  Role,
  RoleBinding,
  Secret,
  SeriesEvent,
  ServiceAccount,
} from "./kind/cluster.ts";
import type {
  DestinationRule,
  EndpointSlice,
  PeerAuthentication,
  Service,
  VirtualService,
} from "./kind/network.ts";
import type { DaemonSet, Deployment, HorizontalPodAutoscaler, Pod, ReplicaSet } from "./kind/workload.ts";
import type { KubeObject } from "./object.ts";
import type { Resource } from "./resource.ts";

/**
 * The kinds of others that we read or write, as data; shapes are in kind/. Our own kind is in api/resource.ts: kube
 * knows nothing about it.
 */
function resource<T extends KubeObject>(
  group: string,
  version: string,
  kind: string,
  plural = `${kind.toLowerCase()}s`,
): Resource<T> {
  return { group, version, kind, plural, namespaced: true };
}

function clusterScoped<T extends KubeObject>(
  group: string,
  version: string,
  kind: string,
  plural = `${kind.toLowerCase()}s`,
): Resource<T> {
  return { group, version, kind, plural, namespaced: false };
}

export const NAMESPACE = clusterScoped<Namespace>("", "v1", "Namespace");
export const POD = resource<Pod>("", "v1", "Pod");
export const SERVICE = resource<Service>("", "v1", "Service");
export const CONFIG_MAP = resource<ConfigMap>("", "v1", "ConfigMap");
export const SECRET = resource<Secret>("", "v1", "Secret");
export const EVENT = resource<Event>("", "v1", "Event");
export const SERVICE_ACCOUNT = resource<ServiceAccount>("", "v1", "ServiceAccount");

export const DEPLOYMENT = resource<Deployment>("apps", "v1", "Deployment");
export const REPLICA_SET = resource<ReplicaSet>("apps", "v1", "ReplicaSet");
export const DAEMON_SET = resource<DaemonSet>("apps", "v1", "DaemonSet");

export const HORIZONTAL_POD_AUTOSCALER = resource<HorizontalPodAutoscaler>(
  "autoscaling",
  "v2",
  "HorizontalPodAutoscaler",
);
export const ENDPOINT_SLICE = resource<EndpointSlice>("discovery.k8s.io", "v1", "EndpointSlice");
export const SERIES_EVENT = resource<SeriesEvent>("events.k8s.io", "v1", "Event");
export const LEASE = resource<Lease>("coordination.k8s.io", "v1", "Lease");

export const VIRTUAL_SERVICE = resource<VirtualService>("networking.istio.io", "v1", "VirtualService");
export const DESTINATION_RULE = resource<DestinationRule>("networking.istio.io", "v1", "DestinationRule");

export const PEER_AUTHENTICATION = resource<PeerAuthentication>(
  "security.istio.io",
  "v1",
  "PeerAuthentication",
);

export const CUSTOM_RESOURCE_DEFINITION = clusterScoped<CustomResourceDefinition>(
  "apiextensions.k8s.io",
  "v1",
  "CustomResourceDefinition",
);
export const ROLE = resource<Role>("rbac.authorization.k8s.io", "v1", "Role");
export const ROLE_BINDING = resource<RoleBinding>("rbac.authorization.k8s.io", "v1", "RoleBinding");
export const CLUSTER_ROLE = clusterScoped<Role>("rbac.authorization.k8s.io", "v1", "ClusterRole");
export const CLUSTER_ROLE_BINDING = clusterScoped<RoleBinding>(
  "rbac.authorization.k8s.io",
  "v1",
  "ClusterRoleBinding",
);
