import { changedSinceRead, isInvalid } from "../../kube/api-error.ts";
import type { Client, JsonPatchOperation } from "../../kube/client.ts";
import { type KubeObject, keyOf, keyText } from "../../kube/object.ts";
import type { Resource } from "../../kube/resource.ts";

/**
 * Patches an object as it was read; none where there is nothing to do. Rejects with a conflict when it has changed
 * since, also where the server only says that the patch could not be applied: that is its answer to a `test` that fails.
 */
export async function patchUnderTest<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  operations: readonly JsonPatchOperation[],
): Promise<void> {
  if (operations.length === 0) return;
  const key = keyOf(object);
  const { resourceVersion } = object.metadata;
  const lock = { op: "replace" as const, path: "/metadata/resourceVersion", value: resourceVersion };
  try {
    await client.patch(resource, key, { type: "json", operations: [lock, ...operations] });
  } catch (error) {
    if (!isInvalid(error)) throw error;
    const live = await client.get(resource, key);
    if (live.metadata.resourceVersion === resourceVersion) throw error;
    throw changedSinceRead(`patching ${resource.kind} ${keyText(key)}`);
  }
}
