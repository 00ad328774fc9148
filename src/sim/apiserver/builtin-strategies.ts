import type { AnyObject } from "../../kube/object.ts";
import { defaultCrd, newCrdStatus } from "./default-crd.ts";
import type { Draft } from "./json-object.ts";
import { isLabel, isLabel1035, isPathSegment, isSubdomain } from "./names.ts";
import type { ResourceDefinition } from "./registry.ts";
import { isSameMember, keepMember, moveGeneration, type Part, type Strategy } from "./strategy.ts";

/** What differs between built-in resources; the rest is common. */
type Traits = Partial<Omit<Strategy, "prepareUpdate">> & {
  /** Whether the resource counts generations, and what beside the spec moves them. */
  readonly generation?: "none" | "spec" | "spec and annotations";
  readonly prepareUpdate?: (draft: Draft, old: AnyObject, part: Part) => void;
};

const SPEC: Traits = { generation: "spec" };
const RBAC: Traits = { nameRule: isPathSegment, createsOnUpdate: true };

const TRAITS: Readonly<Record<string, Traits>> = {
  "deployments.apps": { generation: "spec and annotations" },
  "replicasets.apps": SPEC,
  "daemonsets.apps": SPEC,
  "statefulsets.apps": SPEC,
  "ingresses.networking.k8s.io": SPEC,
  "networkpolicies.networking.k8s.io": SPEC,
  "poddisruptionbudgets.policy": { ...SPEC, allowsUnconditionalUpdate: false },
  "endpointslices.discovery.k8s.io": { generation: "spec" },
  "leases.coordination.k8s.io": { createsOnUpdate: true, allowsUnconditionalUpdate: false },
  events: { createsOnUpdate: true },
  endpoints: { createsOnUpdate: true },
  services: { nameRule: isLabel1035, createsOnUpdate: true, returnsDeleted: true },
  serviceaccounts: { returnsDeleted: true },
  pods: { ...SPEC, returnsDeleted: true },
  namespaces: { nameRule: isLabel, allowsUnconditionalUpdate: false },
  "customresourcedefinitions.apiextensions.k8s.io": {
    ...SPEC,
    allowsUnconditionalUpdate: false,
    setDefaults: defaultCrd,
    prepareCreate: (draft) => {
      draft["status"] = newCrdStatus();
    },
  },
  "roles.rbac.authorization.k8s.io": RBAC,
  "rolebindings.rbac.authorization.k8s.io": RBAC,
  "clusterroles.rbac.authorization.k8s.io": RBAC,
  "clusterrolebindings.rbac.authorization.k8s.io": RBAC,
};

export function builtinStrategy(definition: ResourceDefinition): Strategy {
  const traits = TRAITS[definition.storage] ?? {};
  const hasStatus = definition.subresources.some(({ name }) => name === "status");
  const generation = traits.generation ?? "none";
  return {
    setDefaults: traits.setDefaults ?? (() => undefined),
    prepareCreate: (draft, allocator) => {
      if (hasStatus) draft["status"] = {};
      if (generation !== "none") (draft["metadata"] as Draft)["generation"] = 1;
      traits.prepareCreate?.(draft, allocator);
    },
    prepareUpdate: (draft, old, part) => {
      if (part === "status") keepAllButStatus(draft, old);
      else if (hasStatus) keepMember(draft, old, "status");
      traits.prepareUpdate?.(draft, old, part);
      if (generation !== "none") moveGeneration(draft, old, movesGeneration(draft, old, generation));
    },
    validate: traits.validate ?? (() => []),
    validateUpdate: traits.validateUpdate ?? (() => []),
    nameRule: traits.nameRule ?? isSubdomain,
    createsOnUpdate: traits.createsOnUpdate ?? false,
    allowsUnconditionalUpdate: traits.allowsUnconditionalUpdate ?? true,
    returnsDeleted: traits.returnsDeleted ?? false,
  };
}

function movesGeneration(draft: Draft, old: AnyObject, what: "spec" | "spec and annotations"): boolean {
  if (!isSameMember(draft, old, "spec")) return true;
  return what === "spec and annotations" && !hasSameAnnotations(draft["metadata"] as Draft, old);
}

function hasSameAnnotations(meta: Draft, old: AnyObject): boolean {
  return isSameMember(
    { annotations: meta["annotations"] },
    { ...old, annotations: old.metadata.annotations },
    "annotations",
  );
}

/** Unlike for custom resources, labels and annotations may be changed through the status of a built-in one. */
function keepAllButStatus(draft: Draft, old: AnyObject): void {
  for (const name of new Set([...Object.keys(draft), ...Object.keys(old)])) {
    if (name !== "status" && name !== "metadata") keepMember(draft, old, name);
  }
}
