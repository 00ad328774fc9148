import type { KubeObject, OwnerReference } from "../../kube/object.ts";
import type { Resource } from "../../kube/resource.ts";
import { claim, controllerReference } from "./owner.ts";

/** The objects that an owner controls, and the references to be written so that those that match are its own. */
export interface Claimed<T extends KubeObject> {
  /** Controlled already, and matching. */
  readonly owned: readonly T[];
  readonly changes: readonly { readonly object: T; readonly ownerReferences: readonly OwnerReference[] }[];
}

/** Sorts candidates (those that refer to the owner, and orphans) into owned ones and changes of ownership. */
export function claimAll<T extends KubeObject>(
  resource: Resource,
  owner: KubeObject,
  candidates: readonly T[],
  matches: (object: T) => boolean,
): Claimed<T> {
  const owned: T[] = [];
  const changes: { object: T; ownerReferences: readonly OwnerReference[] }[] = [];
  for (const object of candidates) {
    const references = object.metadata.ownerReferences ?? [];
    switch (claim(owner, object, matches(object))) {
      case "own":
        owned.push(object);
        break;
      case "adopt":
        changes.push({ object, ownerReferences: [...references, controllerReference(resource, owner)] });
        break;
      case "release":
        changes.push({ object, ownerReferences: references.filter(({ uid }) => uid !== owner.metadata.uid) });
        break;
      case "ignore":
        break;
    }
  }
  return { owned, changes };
}
