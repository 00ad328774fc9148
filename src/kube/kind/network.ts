import type { KubeObject } from "../object.ts";

interface Open {
  readonly [member: string]: unknown;
}

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly protocol?: string;
  readonly appProtocol?: string;
  readonly nodePort?: number;
}

export interface Service extends KubeObject {
  readonly spec: Open & {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly ServicePort[];
    readonly type?: string;
    readonly clusterIP?: string;
  };
}

export interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean;
    readonly serving?: boolean;
    readonly terminating?: boolean;
  };
  readonly targetRef?: {
    readonly kind?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
  };
  readonly nodeName?: string;
}

/** The label `kubernetes.io/service-name` says whose endpoints these are. */
export interface EndpointSlice extends KubeObject {
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly endpoints: readonly Endpoint[] | null;
  readonly ports?:
    | readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[]
    | null;
}

export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

export interface Destination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: { readonly number?: number };
}

export interface RouteDestination extends Open {
  readonly destination: Destination;
  readonly weight?: number;
}

export interface HttpRoute extends Open {
  readonly name?: string;
  readonly match?: readonly Open[];
  readonly route?: readonly RouteDestination[];
  readonly mirror?: Destination;
  readonly mirrorPercentage?: { readonly value?: number };
  readonly mirrors?: readonly {
    readonly destination: Destination;
    readonly percentage?: { readonly value?: number };
  }[];
  readonly retries?: Open;
  readonly timeout?: string;
  readonly fault?: Open;
}

/** A route of `tls` or `tcp`. */
export interface OpaqueRoute extends Open {
  readonly match?: readonly Open[];
  readonly route?: readonly RouteDestination[];
}

export interface VirtualService extends KubeObject {
  readonly spec: Open & {
    readonly hosts?: readonly string[];
    readonly gateways?: readonly string[];
    readonly exportTo?: readonly string[];
    readonly http?: readonly HttpRoute[];
    readonly tls?: readonly OpaqueRoute[];
    readonly tcp?: readonly OpaqueRoute[];
  };
}

export interface PeerAuthentication extends KubeObject {
  readonly spec?: Open & {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly mtls?: { readonly mode?: MutualTls };
    /** By the port of the container. */
    readonly portLevelMtls?: Readonly<Record<string, { readonly mode?: MutualTls }>>;
  };
}

export type MutualTls = "UNSET" | "DISABLE" | "PERMISSIVE" | "STRICT";

export interface DestinationRule extends KubeObject {
  readonly spec: Open & {
    readonly host?: string;
    readonly exportTo?: readonly string[];
    readonly trafficPolicy?: Open;
    readonly subsets?: readonly (Open & {
      readonly name: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly trafficPolicy?: Open;
    })[];
  };
}
