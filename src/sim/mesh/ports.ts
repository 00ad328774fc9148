import type { Service } from "../../kube/kind/network.ts";

/** What a port of a Service carries as far as proxies are told; `auto`: they look at the first bytes. */
export type PortProtocol = "http" | "tls" | "tcp" | "auto";

/** Istio's names (pkg/config/protocol/instance.go): `appProtocol`, or the port's name up to the first dash. */
const BY_NAME: Readonly<Record<string, PortProtocol>> = {
  http: "http",
  http2: "http",
  grpc: "http",
  "grpc-web": "http",
  "kubernetes.io/h2c": "http",
  "kubernetes.io/ws": "http",
  https: "tls",
  tls: "tls",
  "kubernetes.io/wss": "tls",
  tcp: "tcp",
  mongo: "tcp",
  mysql: "tcp",
  redis: "tcp",
};

export function portProtocol(service: Service | undefined, port: number): PortProtocol {
  const served = service?.spec.ports?.find((it) => it.port === port);
  if (served === undefined) return "auto";
  if (served.appProtocol !== undefined) return BY_NAME[served.appProtocol.toLowerCase()] ?? "auto";
  const name = (served.name ?? "").toLowerCase();
  if (/^grpc-web(-|$)/.test(name)) return "http";
  return BY_NAME[name.split("-", 1)[0] ?? ""] ?? "auto";
}
