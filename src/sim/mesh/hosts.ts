const CLUSTER_DOMAIN = "svc.cluster.local";

/** `checkout` and `shop` give `checkout.shop.svc.cluster.local`. */
export function serviceHost(name: string, namespace: string): string {
  return `${name}.${namespace}.${CLUSTER_DOMAIN}`;
}

/**
 * A host in a routing object as Istio reads it: a name without dots is a Service in the object's own namespace,
 * everything else is taken as it is.
 */
export function resolveShortName(host: string, namespace: string): string {
  return host.includes(".") || host === "*" ? host : serviceHost(host, namespace);
}

/**
 * The Service that a client in `namespace` means by `host`: `checkout`, `checkout.shop`, `checkout.shop.svc` or the full
 * name, with or without a port. Null for names that no Service can have.
 */
export function serviceNamed(
  host: string,
  namespace: string,
): { readonly name: string; readonly namespace: string } | null {
  const parts = withoutPort(host).split(".");
  const [name, inNamespace, ...rest] = parts;
  if (name === undefined || name === "") return null;
  if (inNamespace === undefined) return { name, namespace };
  const domain = rest.join(".");
  if (domain !== "" && domain !== "svc" && domain !== CLUSTER_DOMAIN) return null;
  return { name, namespace: inNamespace };
}

export function withoutPort(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}

/**
 * How specifically `pattern` (a full name, `*.example.com` or `*`) matches `host`: the number of characters that it
 * fixes, more for an exact match than for any wildcard; null when it does not match.
 */
export function hostMatch(pattern: string, host: string): number | null {
  if (pattern === host) return Number.MAX_SAFE_INTEGER;
  if (pattern === "*") return 0;
  if (pattern.startsWith("*") && host.endsWith(pattern.slice(1)) && host.length >= pattern.length) {
    return pattern.length - 1;
  }
  return null;
}
