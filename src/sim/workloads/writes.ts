import { isNotFound } from "../../kube/api-error.ts";
import type { Client, DeleteOptions } from "../../kube/client.ts";
import { type KubeObject, keyOf, type OwnerReference } from "../../kube/object.ts";
import type { Resource } from "../../kube/resource.ts";

/** Replaces the owner references; fails with a conflict when the object has moved on. */
export function setOwners<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  ownerReferences: readonly OwnerReference[],
): Promise<T> {
  const { uid, resourceVersion } = object.metadata;
  const references = ownerReferences.length === 0 ? null : ownerReferences;
  const body = { metadata: { uid, resourceVersion, ownerReferences: references } };
  return client.patch(resource, keyOf(object), { type: "merge", body });
}

/** Deletes this very object, not one that has taken its name since; that it is gone already is fine. */
export async function deleteExactly<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  options: Pick<DeleteOptions, "propagation" | "gracePeriodSeconds"> = {},
): Promise<void> {
  const { uid } = object.metadata;
  const preconditions = uid === undefined ? undefined : { uid };
  try {
    await client.delete(resource, keyOf(object), { propagation: "Background", preconditions, ...options });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
