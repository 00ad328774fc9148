import type { Config } from "../config/config.ts";
import { Inspector } from "../preflight/inspector.ts";
import type { Caches } from "./caches.ts";

/** What is around Rollouts, as the controller's caches have it. */
export function createInspector(caches: Caches, { namespaces, meshRootNamespace }: Config): Inspector {
  return new Inspector({
    ...caches,
    rootNamespace: meshRootNamespace,
    sees: (namespace) => namespaces.length === 0 || namespaces.includes(namespace),
    source: "cluster",
  });
}
