import type { AnyObject } from "../../kube/object.ts";
import { isDeepEqual } from "../../lib/json.ts";
import { defaultCrd, newCrdStatus } from "./builtin/crd.ts";
import {
  defaultEndpointSlice,
  defaultEndpoints,
  defaultNamespace,
  defaultNetworkPolicy,
  defaultRoleBinding,
  defaultSecret,
  prepareNewNamespace,
} from "./builtin/default-others.ts";
import { defaultPod, prepareNewPod } from "./builtin/default-pod.ts";
import {
  defaultAutoscaler,
  defaultDaemonSet,
  defaultDeployment,
  defaultReplicaSet,
  defaultStatefulSet,
} from "./builtin/default-workload.ts";
import { defaultService, prepareNewService, prepareServiceUpdate } from "./builtin/service.ts";
import type { Draft } from "./json-object.ts";
import { isLabel, isLabel1035, isPathSegment, isSubdomain, type NameRule } from "./names.ts";
import { metaErrors, metaUpdateErrors } from "./object-meta.ts";
import type { ResourceDefinition } from "./registry.ts";
import { keepMember, moveGeneration, type Strategy } from "./strategy.ts";
import { emptyMember } from "./typed.ts";

/** What differs between built-in resources; the rest is common. */
type Traits = Partial<Strategy> & { readonly nameRule?: NameRule; readonly generation?: Generation };

/** What moves metadata.generation. */
type Generation = "none" | "spec" | "spec and annotations" | "all but metadata";

const SPEC: Traits = { generation: "spec" };
const RBAC: Traits = { nameRule: isPathSegment, createsOnUpdate: true };

const TRAITS: Readonly<Record<string, Traits>> = {
  "deployments.apps": { generation: "spec and annotations", setDefaults: defaultDeployment },
  "replicasets.apps": { ...SPEC, setDefaults: defaultReplicaSet },
  "daemonsets.apps": { ...SPEC, setDefaults: defaultDaemonSet },
  "statefulsets.apps": { ...SPEC, setDefaults: defaultStatefulSet },
  "horizontalpodautoscalers.autoscaling": { setDefaults: defaultAutoscaler },
  "ingresses.networking.k8s.io": SPEC,
  "networkpolicies.networking.k8s.io": { ...SPEC, setDefaults: defaultNetworkPolicy },
  "poddisruptionbudgets.policy": { ...SPEC, allowsUnconditionalUpdate: false },
  "endpointslices.discovery.k8s.io": { generation: "all but metadata", setDefaults: defaultEndpointSlice },
  "leases.coordination.k8s.io": { createsOnUpdate: true, allowsUnconditionalUpdate: false },
  events: { createsOnUpdate: true },
  endpoints: { createsOnUpdate: true, setDefaults: defaultEndpoints },
  services: {
    nameRule: isLabel1035,
    createsOnUpdate: true,
    returnsDeleted: true,
    setDefaults: defaultService,
    prepareCreate: prepareNewService,
    prepareUpdate: prepareServiceUpdate,
  },
  secrets: { setDefaults: defaultSecret },
  serviceaccounts: { returnsDeleted: true },
  pods: { ...SPEC, returnsDeleted: true, setDefaults: defaultPod, prepareCreate: prepareNewPod },
  namespaces: {
    nameRule: isLabel,
    allowsUnconditionalUpdate: false,
    setDefaults: defaultNamespace,
    prepareCreate: prepareNewNamespace,
  },
  "customresourcedefinitions.apiextensions.k8s.io": {
    ...SPEC,
    allowsUnconditionalUpdate: false,
    setDefaults: defaultCrd,
    prepareCreate: (draft) => {
      draft["status"] = newCrdStatus(draft);
    },
  },
  "roles.rbac.authorization.k8s.io": RBAC,
  "rolebindings.rbac.authorization.k8s.io": { ...RBAC, setDefaults: defaultRoleBinding },
  "clusterroles.rbac.authorization.k8s.io": RBAC,
  "clusterrolebindings.rbac.authorization.k8s.io": { ...RBAC, setDefaults: defaultRoleBinding },
};

export function builtinStrategy(definition: ResourceDefinition): Strategy {
  const traits = TRAITS[definition.storage] ?? {};
  const hasStatus = definition.subresources.some(({ name }) => name === "status");
  const generation = traits.generation ?? "none";
  const apiVersion = definition.storedApiVersion;
  return {
    setDefaults: traits.setDefaults ?? (() => undefined),
    prepareCreate: (draft, allocator) => {
      if (hasStatus) draft["status"] = emptyMember(apiVersion, definition.kind, "status");
      if (generation !== "none") (draft["metadata"] as Draft)["generation"] = 1;
      traits.prepareCreate?.(draft, allocator);
    },
    prepareUpdate: (draft, old, part, allocator) => {
      if (part === "status") keepAllButStatus(draft, old);
      else if (hasStatus) keepMember(draft, old, "status");
      traits.prepareUpdate?.(draft, old, part, allocator);
      if (generation !== "none") {
        // The revision annotation that a Deployment's controller sets with its status is no news to it.
        moveGeneration(draft, old, part !== "status" && movesGeneration(draft, old, generation));
      }
    },
    validate: (object, allocator) => [
      ...metaErrors(object.metadata, traits.nameRule ?? isSubdomain),
      ...(traits.validate?.(object, allocator) ?? []),
    ],
    validateUpdate: (object, old, part) => [
      ...metaUpdateErrors(object.metadata, old.metadata),
      ...(traits.validateUpdate?.(object, old, part) ?? []),
    ],
    createsOnUpdate: traits.createsOnUpdate ?? false,
    allowsUnconditionalUpdate: traits.allowsUnconditionalUpdate ?? true,
    returnsDeleted: traits.returnsDeleted ?? false,
  };
}

function movesGeneration(draft: Draft, old: AnyObject, what: Generation): boolean {
  if (what === "all but metadata") {
    return !isDeepEqual({ ...draft, metadata: undefined }, { ...old, metadata: undefined });
  }
  if (!isDeepEqual(draft["spec"], old["spec"])) return true;
  if (what === "spec") return false;
  return !isDeepEqual((draft["metadata"] as Draft)["annotations"], old.metadata.annotations);
}

/** Unlike for custom resources, labels and annotations may be changed through the status of a built-in one. */
function keepAllButStatus(draft: Draft, old: AnyObject): void {
  for (const name of new Set([...Object.keys(draft), ...Object.keys(old)])) {
    if (name !== "status" && name !== "metadata") keepMember(draft, old, name);
  }
}
