import type { Finding } from "../../api/preflight.ts";
import type { PreflightView } from "../view.ts";

/** https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/ */
const PROTOCOLS = [
  "grpc",
  "grpc-web",
  "http",
  "http2",
  "https",
  "mongo",
  "mysql",
  "redis",
  "tcp",
  "tls",
  "udp",
];

interface Port {
  readonly name?: string | undefined;
  readonly appProtocol?: string | undefined;
  readonly protocol?: string | undefined;
}

/** Istio guesses the protocol of a port that does not tell it. */
export function portProtocol(view: PreflightView): readonly Finding[] {
  const { spec, namespace, rollout, names } = view;
  const { port, portName, appProtocol } = spec.service;
  const apex = view.service(names.apexService, namespace);
  const known = apex?.spec.ports?.find((it) => it.port === port);
  const said = { name: portName, appProtocol: appProtocol ?? known?.appProtocol };
  const ofSpec = namesProtocol(said)
    ? []
    : [
        finding(
          { kind: "Rollout", namespace, name: rollout },
          "spec.service.portName",
          `names port ${port} ${portName}`,
        ),
      ];
  const ports = apex?.spec.ports ?? [];
  const ofApex = ports.flatMap((it, index) => {
    // Sluice gives the Services the name that the spec says; that is told of once.
    if (namesProtocol(it) || it.protocol === "UDP" || (it.port === port && ofSpec.length > 0)) return [];
    const text = it.name === undefined ? `gives port ${it.port} no name` : `names port ${it.port} ${it.name}`;
    return [
      finding({ kind: "Service", namespace, name: names.apexService }, `spec.ports[${index}].name`, text),
    ];
  });
  return [...ofSpec, ...ofApex];
}

function namesProtocol({ name = "", appProtocol }: Port): boolean {
  if (appProtocol !== undefined)
    return appProtocol.includes("/") || PROTOCOLS.includes(appProtocol.toLowerCase());
  return PROTOCOLS.some((protocol) => name === protocol || name.startsWith(`${protocol}-`));
}

function finding(object: Finding["object"], field: string, what: string): Finding {
  return {
    check: "port-protocol",
    severity: "warns",
    object,
    field,
    what: `${what}, which names no protocol, and sets no appProtocol`,
    why: "Istio guesses from the first bytes; where it takes requests for bytes, nothing is counted that could be judged",
    fix: "Let the name be http, grpc or tcp (a suffix may follow: http-web), or set appProtocol",
  };
}
