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
import { defaultPod, prepareNewPod, preparePodUpdate } from "./builtin/default-pod.ts";
import {
  defaultAutoscaler,
  defaultDaemonSet,
  defaultDeployment,
  defaultReplicaSet,
  defaultStatefulSet,
  prepareDaemonSetUpdate,
  prepareNewDaemonSet,
} from "./builtin/default-workload.ts";
import { defaultService, prepareNewService, prepareServiceUpdate } from "./builtin/service.ts";
import {
  configMapErrors,
  configMapUpdateErrors,
  secretErrors,
  secretUpdateErrors,
} from "./builtin/validate-config.ts";
import { crdErrors, crdUpdateErrors } from "./builtin/validate-crd.ts";
import {
  eventErrors,
  eventUpdateErrors,
  leaseErrors,
  roleBindingErrors,
  roleBindingUpdateErrors,
  roleErrors,
} from "./builtin/validate-others.ts";
import { podErrors, podUpdateErrors } from "./builtin/validate-pod.ts";
import { serviceErrors, serviceUpdateErrors } from "./builtin/validate-service.ts";
import {
  autoscalerErrors,
  daemonSetErrors,
  deploymentErrors,
  replicaSetErrors,
  statefulSetErrors,
} from "./builtin/validate-workload.ts";
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

const ROLE: Traits = { ...RBAC, validate: roleErrors, validateUpdate: roleErrors };
const BINDING: Traits = {
  ...RBAC,
  setDefaults: defaultRoleBinding,
  validate: roleBindingErrors,
  validateUpdate: roleBindingUpdateErrors,
};

const TRAITS: Readonly<Record<string, Traits>> = {
  "deployments.apps": {
    generation: "spec and annotations",
    setDefaults: defaultDeployment,
    validate: (object) => deploymentErrors(object),
    validateUpdate: deploymentErrors,
  },
  "replicasets.apps": {
    ...SPEC,
    setDefaults: defaultReplicaSet,
    validate: (object) => replicaSetErrors(object),
    validateUpdate: replicaSetErrors,
  },
  "daemonsets.apps": {
    ...SPEC,
    setDefaults: defaultDaemonSet,
    prepareCreate: prepareNewDaemonSet,
    prepareUpdate: prepareDaemonSetUpdate,
    validate: (object) => daemonSetErrors(object),
    validateUpdate: daemonSetErrors,
  },
  "statefulsets.apps": {
    ...SPEC,
    setDefaults: defaultStatefulSet,
    validate: (object) => statefulSetErrors(object),
    validateUpdate: statefulSetErrors,
  },
  "horizontalpodautoscalers.autoscaling": {
    setDefaults: defaultAutoscaler,
    validate: autoscalerErrors,
    validateUpdate: autoscalerErrors,
  },
  "ingresses.networking.k8s.io": SPEC,
  "networkpolicies.networking.k8s.io": { ...SPEC, setDefaults: defaultNetworkPolicy },
  "poddisruptionbudgets.policy": { ...SPEC, allowsUnconditionalUpdate: false },
  "endpointslices.discovery.k8s.io": { generation: "all but metadata", setDefaults: defaultEndpointSlice },
  "leases.coordination.k8s.io": {
    createsOnUpdate: true,
    allowsUnconditionalUpdate: false,
    validate: leaseErrors,
    validateUpdate: leaseErrors,
  },
  configmaps: { validate: configMapErrors, validateUpdate: configMapUpdateErrors },
  events: { createsOnUpdate: true, validate: eventErrors, validateUpdate: eventUpdateErrors },
  endpoints: { createsOnUpdate: true, setDefaults: defaultEndpoints },
  services: {
    nameRule: isLabel1035,
    createsOnUpdate: true,
    returnsDeleted: true,
    setDefaults: defaultService,
    prepareCreate: prepareNewService,
    prepareUpdate: prepareServiceUpdate,
    validate: serviceErrors,
    validateUpdate: serviceUpdateErrors,
  },
  secrets: { setDefaults: defaultSecret, validate: secretErrors, validateUpdate: secretUpdateErrors },
  serviceaccounts: { returnsDeleted: true },
  pods: {
    ...SPEC,
    returnsDeleted: true,
    setDefaults: defaultPod,
    prepareCreate: prepareNewPod,
    prepareUpdate: preparePodUpdate,
    validate: podErrors,
    validateUpdate: podUpdateErrors,
  },
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
    validate: crdErrors,
    validateUpdate: (object, old, { part }) => (part === "status" ? [] : crdUpdateErrors(object, old)),
  },
  "roles.rbac.authorization.k8s.io": ROLE,
  "rolebindings.rbac.authorization.k8s.io": BINDING,
  "clusterroles.rbac.authorization.k8s.io": ROLE,
  "clusterrolebindings.rbac.authorization.k8s.io": BINDING,
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
    validate: (object, context) => [
      ...metaErrors(object.metadata, traits.nameRule ?? isSubdomain),
      ...(traits.validate?.(object, context) ?? []),
    ],
    validateUpdate: (object, old, context) => [
      ...metaUpdateErrors(object.metadata, old.metadata),
      ...(traits.validateUpdate?.(object, old, context) ?? []),
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
