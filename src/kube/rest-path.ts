import { assert } from "../lib/assert.ts";
import type { ObjectKey } from "./object.ts";
import type { Resource } from "./resource.ts";

/** `/api/v1/namespaces/shop/pods`; without a namespace the path of all namespaces. */
export function collectionPath(resource: Resource, namespace: string | undefined): string {
  const root =
    resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  assert(
    resource.namespaced || namespace === undefined,
    `${resource.plural} are cluster-scoped, a namespace was given`,
  );
  if (namespace === undefined) return `${root}/${resource.plural}`;
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`;
}

/** `/apis/apps/v1/namespaces/shop/deployments/checkout/status`. */
export function objectPath(resource: Resource, key: ObjectKey, subresource?: string): string {
  assert(key.name !== "", `a name is needed for ${resource.plural}`);
  assert(!resource.namespaced || key.namespace !== undefined, `a namespace is needed for ${resource.plural}`);
  const path = `${collectionPath(resource, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

type QueryValue = string | number | boolean | undefined;

/** A query of the members that are defined, in their order. */
export function queryOf(parameters: Readonly<Record<string, QueryValue>>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query;
}
