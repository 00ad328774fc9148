import { BOOTSTRAP_ROLES } from "./auth/bootstrap-rbac.ts";
import { type Backend, newUid, nowText } from "./backend.ts";
import type { JsonObject } from "./json-object.ts";

const NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];
const RBAC_GROUP = "rbac.authorization.k8s.io";

/** What a cluster has when it starts, with the storage that it goes to. */
export function firstObjects(backend: Backend): readonly (readonly [storage: string, object: JsonObject])[] {
  const metadata = (name: string, labels: Readonly<Record<string, string>>) => ({
    name,
    uid: newUid(backend),
    creationTimestamp: nowText(backend),
    labels,
  });
  const rbac = (kind: string, name: string) => ({
    apiVersion: `${RBAC_GROUP}/v1`,
    kind,
    metadata: metadata(name, { "kubernetes.io/bootstrapping": "rbac-defaults" }),
  });
  return [
    ...NAMESPACES.map(
      (name) =>
        [
          "namespaces",
          {
            apiVersion: "v1",
            kind: "Namespace",
            metadata: metadata(name, { "kubernetes.io/metadata.name": name }),
            spec: { finalizers: ["kubernetes"] },
            status: { phase: "Active" },
          },
        ] as const,
    ),
    ...BOOTSTRAP_ROLES.map(
      ({ name, rules }) => [`clusterroles.${RBAC_GROUP}`, { ...rbac("ClusterRole", name), rules }] as const,
    ),
    ...BOOTSTRAP_ROLES.filter(({ groups }) => groups !== undefined).map(
      ({ name, groups = [] }) =>
        [
          `clusterrolebindings.${RBAC_GROUP}`,
          {
            ...rbac("ClusterRoleBinding", name),
            roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name },
            subjects: groups.map((group) => ({ apiGroup: RBAC_GROUP, kind: "Group", name: group })),
          },
        ] as const,
    ),
  ];
}
