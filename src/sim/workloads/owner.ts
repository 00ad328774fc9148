import type { KubeObject, OwnerReference } from "../../kube/object.ts";
import { apiVersionOf, type Resource } from "../../kube/resource.ts";
import { present } from "../../lib/assert.ts";

/** The reference that makes `owner` the managing controller of another object. */
export function controllerReference(resource: Resource, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name,
    uid: present(owner.metadata.uid, "uid of a stored object"),
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The reference of the object's managing controller, if it has one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** What becomes of an object that a controller might own. */
export type Claim = "own" | "adopt" | "release" | "ignore";

/**
 * Orphans that match are adopted, owned ones that match no longer are released (kube-controller-manager's
 * BaseControllerRefManager.ClaimObject). An owner that is being deleted adopts and releases nothing.
 */
export function claim(owner: KubeObject, object: KubeObject, matches: boolean): Claim {
  const controller = controllerOf(object);
  const isDeleting = owner.metadata.deletionTimestamp !== undefined;
  if (controller !== undefined) {
    if (controller.uid !== owner.metadata.uid) return "ignore";
    if (matches) return "own";
    return isDeleting ? "ignore" : "release";
  }
  const canAdopt = matches && !isDeleting && object.metadata.deletionTimestamp === undefined;
  return canAdopt ? "adopt" : "ignore";
}
