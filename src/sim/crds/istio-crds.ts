import type { AnyObject } from "../../kube/object.ts";
import destinationRuleSchema from "./destination-rule.json" with { type: "json" };
import gatewaySchema from "./gateway.json" with { type: "json" };
import peerAuthenticationSchema from "./peer-authentication.json" with { type: "json" };
import virtualServiceSchema from "./virtual-service.json" with { type: "json" };

interface IstioKind {
  /** Of *.istio.io. */
  readonly group: "networking" | "security";
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly schema: unknown;
  readonly columns: readonly PrinterColumn[];
}

interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
}

const AGE: PrinterColumn = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };

const KINDS: readonly IstioKind[] = [
  {
    group: "networking",
    kind: "VirtualService",
    plural: "virtualservices",
    shortName: "vs",
    schema: virtualServiceSchema,
    columns: [
      { name: "Gateways", type: "string", jsonPath: ".spec.gateways" },
      { name: "Hosts", type: "string", jsonPath: ".spec.hosts" },
      AGE,
    ],
  },
  {
    group: "networking",
    kind: "DestinationRule",
    plural: "destinationrules",
    shortName: "dr",
    schema: destinationRuleSchema,
    columns: [{ name: "Host", type: "string", jsonPath: ".spec.host" }, AGE],
  },
  {
    group: "networking",
    kind: "Gateway",
    plural: "gateways",
    shortName: "gw",
    schema: gatewaySchema,
    columns: [],
  },
  {
    group: "security",
    kind: "PeerAuthentication",
    plural: "peerauthentications",
    shortName: "pa",
    schema: peerAuthenticationSchema,
    columns: [{ name: "Mode", type: "string", jsonPath: ".spec.mtls.mode" }, AGE],
  },
];

/** v1 is the stored version; Istio serves the older ones with the same schema. */
const VERSIONS = {
  networking: ["v1", "v1beta1", "v1alpha3"],
  security: ["v1", "v1beta1"],
} as const;

/** CustomResourceDefinitions of the Istio kinds that the mesh heeds, ready to be created. The mesh knows gateways by name only. */
export function istioCrds(): readonly AnyObject[] {
  return KINDS.map(crdOf);
}

function crdOf(kind: IstioKind): AnyObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.plural}.${kind.group}.istio.io` },
    spec: {
      group: `${kind.group}.istio.io`,
      scope: "Namespaced",
      names: {
        categories: ["istio-io", `${kind.group}-istio-io`],
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        shortNames: [kind.shortName],
        singular: kind.kind.toLowerCase(),
      },
      versions: VERSIONS[kind.group].map((name) => ({
        name,
        served: true,
        storage: name === "v1",
        schema: { openAPIV3Schema: kind.schema },
        subresources: { status: {} },
        ...(kind.columns.length === 0 ? {} : { additionalPrinterColumns: kind.columns }),
      })),
    },
  };
}
