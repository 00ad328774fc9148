import type { ResourceDefinition, ScalePaths, SubresourceDefinition, Verb } from "./registry.ts";

/** Verbs in the order in which discovery lists them. */
const ALL: readonly Verb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];
const READ_WRITE: readonly Verb[] = ["get", "patch", "update"];
const CREATE: readonly Verb[] = ["create"];
const PROXY: readonly Verb[] = ["create", "delete", "get", "patch", "update"];

const WORKLOAD_SCALE: ScalePaths = {
  specReplicasPath: ".spec.replicas",
  statusReplicasPath: ".status.replicas",
  labelSelectorPath: ".spec.selector",
};

export const SCALE_SUBRESOURCE: SubresourceDefinition = {
  name: "scale",
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  verbs: READ_WRITE,
};

/** What differs between built-in resources; the rest follows from the kind. */
interface Row {
  readonly kind: string;
  readonly plural: string;
  readonly cluster?: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs?: readonly Verb[];
  readonly status?: boolean;
  readonly scale?: ScalePaths;
  readonly subresources?: readonly SubresourceDefinition[];
  /** Shares its objects with this resource, in that version. */
  readonly storedAs?: { readonly storage: string; readonly apiVersion: string };
}

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  v1: [
    { kind: "ConfigMap", plural: "configmaps", shortNames: ["cm"] },
    { kind: "Endpoints", plural: "endpoints", shortNames: ["ep"] },
    { kind: "Event", plural: "events", shortNames: ["ev"] },
    {
      kind: "Namespace",
      plural: "namespaces",
      cluster: true,
      shortNames: ["ns"],
      status: true,
      verbs: ALL.filter((verb) => verb !== "deletecollection"),
      subresources: [{ name: "finalize", kind: "Namespace", verbs: ["update"] }],
    },
    { kind: "Node", plural: "nodes", cluster: true, shortNames: ["no"], status: true },
    {
      kind: "Pod",
      plural: "pods",
      shortNames: ["po"],
      categories: ["all"],
      status: true,
      subresources: [
        { name: "attach", kind: "PodAttachOptions", verbs: ["create", "get"] },
        { name: "binding", kind: "Binding", verbs: CREATE },
        { name: "ephemeralcontainers", kind: "Pod", verbs: READ_WRITE },
        { name: "eviction", group: "policy", version: "v1", kind: "Eviction", verbs: CREATE },
        { name: "exec", kind: "PodExecOptions", verbs: ["create", "get"] },
        { name: "log", kind: "Pod", verbs: ["get"] },
        { name: "portforward", kind: "PodPortForwardOptions", verbs: ["create", "get"] },
        { name: "proxy", kind: "PodProxyOptions", verbs: PROXY },
        { name: "resize", kind: "Pod", verbs: READ_WRITE },
      ],
    },
    { kind: "Secret", plural: "secrets" },
    {
      kind: "ServiceAccount",
      plural: "serviceaccounts",
      shortNames: ["sa"],
      subresources: [
        { name: "token", group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", verbs: CREATE },
      ],
    },
    {
      kind: "Service",
      plural: "services",
      shortNames: ["svc"],
      categories: ["all"],
      status: true,
      subresources: [{ name: "proxy", kind: "ServiceProxyOptions", verbs: PROXY }],
    },
  ],
  "apiextensions.k8s.io/v1": [
    {
      kind: "CustomResourceDefinition",
      plural: "customresourcedefinitions",
      cluster: true,
      shortNames: ["crd", "crds"],
      categories: ["api-extensions"],
      status: true,
    },
  ],
  "apps/v1": [
    { kind: "ControllerRevision", plural: "controllerrevisions" },
    { kind: "DaemonSet", plural: "daemonsets", shortNames: ["ds"], categories: ["all"], status: true },
    {
      kind: "Deployment",
      plural: "deployments",
      shortNames: ["deploy"],
      categories: ["all"],
      status: true,
      scale: WORKLOAD_SCALE,
    },
    {
      kind: "ReplicaSet",
      plural: "replicasets",
      shortNames: ["rs"],
      categories: ["all"],
      status: true,
      scale: WORKLOAD_SCALE,
    },
    {
      kind: "StatefulSet",
      plural: "statefulsets",
      shortNames: ["sts"],
      categories: ["all"],
      status: true,
      scale: WORKLOAD_SCALE,
    },
  ],
  "authentication.k8s.io/v1": [
    { kind: "SelfSubjectReview", plural: "selfsubjectreviews", cluster: true, verbs: CREATE },
    { kind: "TokenReview", plural: "tokenreviews", cluster: true, verbs: CREATE },
  ],
  "authorization.k8s.io/v1": [
    { kind: "LocalSubjectAccessReview", plural: "localsubjectaccessreviews", verbs: CREATE },
    { kind: "SelfSubjectAccessReview", plural: "selfsubjectaccessreviews", cluster: true, verbs: CREATE },
    { kind: "SelfSubjectRulesReview", plural: "selfsubjectrulesreviews", cluster: true, verbs: CREATE },
    { kind: "SubjectAccessReview", plural: "subjectaccessreviews", cluster: true, verbs: CREATE },
  ],
  "autoscaling/v2": [
    {
      kind: "HorizontalPodAutoscaler",
      plural: "horizontalpodautoscalers",
      shortNames: ["hpa"],
      categories: ["all"],
      status: true,
    },
  ],
  "autoscaling/v1": [
    {
      kind: "HorizontalPodAutoscaler",
      plural: "horizontalpodautoscalers",
      shortNames: ["hpa"],
      categories: ["all"],
      storedAs: { storage: "horizontalpodautoscalers.autoscaling", apiVersion: "autoscaling/v2" },
      status: true,
    },
  ],
  "coordination.k8s.io/v1": [{ kind: "Lease", plural: "leases" }],
  "discovery.k8s.io/v1": [{ kind: "EndpointSlice", plural: "endpointslices" }],
  "events.k8s.io/v1": [
    {
      kind: "Event",
      plural: "events",
      shortNames: ["ev"],
      storedAs: { storage: "events", apiVersion: "v1" },
    },
  ],
  "networking.k8s.io/v1": [
    { kind: "Ingress", plural: "ingresses", shortNames: ["ing"], status: true },
    { kind: "NetworkPolicy", plural: "networkpolicies", shortNames: ["netpol"] },
  ],
  "policy/v1": [
    { kind: "PodDisruptionBudget", plural: "poddisruptionbudgets", shortNames: ["pdb"], status: true },
  ],
  "rbac.authorization.k8s.io/v1": [
    { kind: "ClusterRoleBinding", plural: "clusterrolebindings", cluster: true },
    { kind: "ClusterRole", plural: "clusterroles", cluster: true },
    { kind: "RoleBinding", plural: "rolebindings" },
    { kind: "Role", plural: "roles" },
  ],
};

/** The resources that every server has, in the order in which discovery lists them. */
export const BUILTIN_RESOURCES: readonly ResourceDefinition[] = Object.entries(TABLE).flatMap(
  ([groupVersion, rows]) => rows.map((row) => definitionOf(groupVersion, row)),
);

function definitionOf(groupVersion: string, row: Row): ResourceDefinition {
  const slash = groupVersion.indexOf("/");
  const group = slash < 0 ? "" : groupVersion.slice(0, slash);
  return {
    group,
    version: groupVersion.slice(slash + 1),
    kind: row.kind,
    listKind: `${row.kind}List`,
    plural: row.plural,
    singular: row.kind.toLowerCase(),
    namespaced: row.cluster !== true,
    shortNames: row.shortNames ?? [],
    categories: row.categories ?? [],
    verbs: row.verbs ?? ALL,
    subresources: subresourcesOf(row),
    scale: row.scale,
    storage: row.storedAs?.storage ?? (group === "" ? row.plural : `${row.plural}.${group}`),
    storedApiVersion: row.storedAs?.apiVersion ?? groupVersion,
    custom: false,
    printerColumns: [],
    selectableFields: [],
  };
}

function subresourcesOf(row: Row): readonly SubresourceDefinition[] {
  const rows = [...(row.subresources ?? [])];
  if (row.scale !== undefined) rows.push(SCALE_SUBRESOURCE);
  if (row.status === true) rows.push({ name: "status", kind: row.kind, verbs: READ_WRITE });
  return rows.sort((a, b) => (a.name < b.name ? -1 : 1));
}
