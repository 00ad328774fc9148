import type { PolicyRule } from "./authorizer.ts";

interface BootstrapRole {
  readonly name: string;
  readonly rules: readonly PolicyRule[];
  /** Groups that have the role everywhere. */
  readonly groups?: readonly string[];
}

const EVERYONE = ["system:authenticated", "system:unauthenticated"];
const READ = ["get", "list", "watch"];
const WRITE = ["create", "delete", "deletecollection", "patch", "update"];
const WORKLOADS = [
  "daemonsets",
  "deployments",
  "deployments/scale",
  "replicasets",
  "replicasets/scale",
  "statefulsets",
  "statefulsets/scale",
];
const CORE = ["configmaps", "endpoints", "events", "pods", "serviceaccounts", "services"];

/** What users of a namespace may do to its objects. */
function namespaced(verbs: readonly string[], core: readonly string[]): readonly PolicyRule[] {
  return [
    { verbs, apiGroups: [""], resources: core },
    { verbs, apiGroups: ["apps"], resources: WORKLOADS },
    { verbs, apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"] },
    { verbs, apiGroups: ["policy"], resources: ["poddisruptionbudgets"] },
    { verbs, apiGroups: ["networking.k8s.io"], resources: ["ingresses", "networkpolicies"] },
    { verbs, apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"] },
    { verbs, apiGroups: ["coordination.k8s.io"], resources: ["leases"] },
  ];
}

/** The roles that every cluster has from its first start, as far as anything here refers to them. */
export const BOOTSTRAP_ROLES: readonly BootstrapRole[] = [
  {
    name: "cluster-admin",
    rules: [
      { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      { verbs: ["*"], nonResourceURLs: ["*"] },
    ],
    groups: ["system:masters"],
  },
  {
    name: "admin",
    rules: [
      ...namespaced([...READ, ...WRITE], [...CORE, "secrets"]),
      {
        verbs: [...READ, ...WRITE],
        apiGroups: ["rbac.authorization.k8s.io"],
        resources: ["roles", "rolebindings"],
      },
      { verbs: READ, apiGroups: [""], resources: ["namespaces"] },
    ],
  },
  {
    name: "edit",
    rules: [
      ...namespaced([...READ, ...WRITE], [...CORE, "secrets"]),
      { verbs: READ, apiGroups: [""], resources: ["namespaces"] },
    ],
  },
  { name: "view", rules: namespaced(READ, [...CORE, "namespaces"]) },
  {
    name: "system:basic-user",
    rules: [
      {
        verbs: ["create"],
        apiGroups: ["authorization.k8s.io"],
        resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
      },
      { verbs: ["create"], apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"] },
    ],
    groups: ["system:authenticated"],
  },
  {
    name: "system:discovery",
    rules: [
      {
        verbs: ["get"],
        nonResourceURLs: [
          "/api",
          "/api/*",
          "/apis",
          "/apis/*",
          "/healthz",
          "/livez",
          "/openapi",
          "/openapi/*",
          "/readyz",
          "/version",
          "/version/",
        ],
      },
    ],
    groups: ["system:authenticated"],
  },
  {
    name: "system:public-info-viewer",
    rules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"] }],
    groups: EVERYONE,
  },
];
