import type { Resource } from "../../kube/resource.ts";

/** Events are not collected and not looked through: they are many, nobody owns them, and they expire. */
const IGNORED: ReadonlySet<string> = new Set(["events"]);

/**
 * Of the resources that a server serves, those whose objects have owners or live in namespaces; each once, in the first
 * version and group that serves it.
 */
export function collectable(
  resources: readonly (Resource & { readonly verbs?: readonly string[]; readonly storage?: string })[],
): readonly Resource[] {
  const byStorage = new Map<string, Resource>();
  for (const resource of resources) {
    const { group, version, kind, plural, namespaced, verbs = ["list", "watch", "delete"] } = resource;
    const isStored = ["list", "watch", "delete"].every((verb) => verbs.includes(verb));
    const storage = resource.storage ?? `${plural}.${group}`;
    if (!isStored || IGNORED.has(plural) || byStorage.has(storage)) continue;
    byStorage.set(storage, { group, version, kind, plural, namespaced });
  }
  return [...byStorage.values()];
}
