import type { Client } from "./client.ts";
import type { KubeObject } from "./object.ts";
import type { Resource } from "./resource.ts";

const PAGE = 500;

/** All objects of a namespace, or of all namespaces (undefined), page by page: for whoever reads once and does not watch. */
export async function listAll<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  namespace: string | undefined,
): Promise<readonly T[]> {
  const found: T[] = [];
  for (let next: string | undefined; ; ) {
    const page = await client.list(resource, { namespace, limit: PAGE, continue: next });
    found.push(...page.items);
    next = page.continue;
    if (next === undefined) return found;
  }
}
