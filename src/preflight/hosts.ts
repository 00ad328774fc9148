const CLUSTER = "svc.cluster.local";

/** A host as Istio reads it in an object of the namespace: a name without dots is a Service beside it. */
export function fullHost(host: string, namespace: string): string {
  const lower = host.toLowerCase();
  return lower.includes(".") || lower === "*" ? lower : serviceHost(lower, namespace);
}

export function serviceHost(name: string, namespace: string): string {
  return `${name}.${namespace}.${CLUSTER}`;
}

/** The Service that a full host means; null: something outside of the cluster, or a pattern. */
export function serviceOf(host: string): { readonly name: string; readonly namespace: string } | null {
  const [name = "", namespace = "", ...domain] = host.split(".");
  if (name === "*" || namespace === "" || domain.join(".") !== CLUSTER) return null;
  return { name, namespace };
}

/** How many characters the pattern (a full host, `*.example.com`, `*`) fixes of the host; null: it is about another. */
export function hostScore(pattern: string, host: string): number | null {
  if (pattern === host) return Number.MAX_SAFE_INTEGER;
  if (pattern === "*") return 0;
  return pattern.startsWith("*") && host.endsWith(pattern.slice(1)) ? pattern.length - 1 : null;
}

/** Whether objects of one namespace, exported like this, are seen in another. */
export function isVisible(exportTo: readonly string[] = [], namespace: string, viewer: string): boolean {
  if (exportTo.length === 0) return true;
  return exportTo.some((to) => to === "*" || to === viewer || (to === "." && namespace === viewer));
}
