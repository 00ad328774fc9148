/** What of a Service's port tells Istio its protocol. */
export interface NamedPort {
  readonly name?: string | undefined;
  readonly appProtocol?: string | undefined;
}

/** Protocols that proxies pass on as bytes: routes by match, mirrors and retries have no meaning there. */
const OPAQUE = ["tcp", "tls", "https", "mongo", "mysql", "redis", "udp"];

/**
 * Whether requests can be told apart on a port: appProtocol decides, else the beginning of its name (istio.io,
 * "Protocol Selection"). A port that names none is sniffed by the proxies, and counts as HTTP.
 */
export function isHttpPort({ name = "", appProtocol }: NamedPort): boolean {
  const protocol = appProtocol ?? name.split("-")[0] ?? "";
  return !OPAQUE.includes(protocol.toLowerCase());
}
