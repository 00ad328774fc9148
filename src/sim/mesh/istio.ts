import type { Destination } from "../../kube/kind/network.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Resource } from "../../kube/resource.ts";

/** Istio's routing kinds: its own field names, and only the fields that the mesh looks at. */

/** Exactly one member is set; none means "is present" for headers. */
export interface StringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

type StringMatches = Readonly<Record<string, StringMatch>>;

export interface HttpMatchRequest {
  readonly name?: string;
  readonly uri?: StringMatch;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  readonly headers?: StringMatches;
  readonly withoutHeaders?: StringMatches;
  readonly queryParams?: StringMatches;
  readonly ignoreUriCase?: boolean;
  readonly port?: number;
  readonly gateways?: readonly string[];
  readonly sourceLabels?: Readonly<Record<string, string>>;
  readonly sourceNamespace?: string;
}

export interface HeaderOperations {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface Headers {
  readonly request?: HeaderOperations;
  readonly response?: HeaderOperations;
}

export interface HttpRouteDestination {
  readonly destination: Destination;
  readonly weight?: number;
  readonly headers?: Headers;
}

interface Percent {
  readonly value?: number;
}

export interface HttpFault {
  readonly abort?: { readonly httpStatus?: number; readonly percentage?: Percent };
  readonly delay?: { readonly fixedDelay?: string; readonly percentage?: Percent };
}

export interface HttpRetry {
  readonly attempts?: number;
  readonly perTryTimeout?: string;
  readonly retryOn?: string;
}

export interface HttpRewrite {
  readonly uri?: string;
  readonly authority?: string;
  readonly uriRegexRewrite?: { readonly match?: string; readonly rewrite?: string };
}

export interface HttpRoute {
  readonly name?: string;
  readonly match?: readonly HttpMatchRequest[];
  /** Another VirtualService, without hosts, that has the routes. */
  readonly delegate?: { readonly name?: string; readonly namespace?: string };
  readonly rewrite?: HttpRewrite;
  readonly corsPolicy?: unknown;
  readonly route?: readonly HttpRouteDestination[];
  readonly redirect?: { readonly redirectCode?: number };
  readonly directResponse?: { readonly status: number };
  readonly timeout?: string;
  readonly retries?: HttpRetry;
  readonly fault?: HttpFault;
  readonly headers?: Headers;
  readonly mirror?: Destination;
  readonly mirrorPercentage?: Percent;
  /** The older spelling of mirrorPercentage: whole percent. */
  readonly mirrorPercent?: number;
  readonly mirrors?: readonly { readonly destination: Destination; readonly percentage?: Percent }[];
}

/** Conditions of `tcp` routes; `sniHosts` in those of `tls`. Subnets have no effect: the mesh knows no addresses. */
export interface ConnectionMatch {
  readonly sniHosts?: readonly string[];
  readonly port?: number;
  readonly gateways?: readonly string[];
  readonly sourceLabels?: Readonly<Record<string, string>>;
  readonly sourceNamespace?: string;
}

/** A route of `tls` or `tcp`. */
export interface ConnectionRoute {
  readonly match?: readonly ConnectionMatch[];
  readonly route?: readonly { readonly destination: Destination; readonly weight?: number }[];
}

export interface VirtualService extends KubeObject {
  readonly spec?: {
    readonly hosts?: readonly string[];
    readonly gateways?: readonly string[];
    readonly exportTo?: readonly string[];
    readonly http?: readonly HttpRoute[];
    readonly tls?: readonly ConnectionRoute[];
    readonly tcp?: readonly ConnectionRoute[];
  };
}

export interface OutlierDetection {
  readonly consecutive5xxErrors?: number;
  readonly consecutiveGatewayErrors?: number;
  readonly splitExternalLocalOriginErrors?: boolean;
  readonly consecutiveLocalOriginFailures?: number;
  readonly interval?: string;
  readonly baseEjectionTime?: string;
  readonly maxEjectionPercent?: number;
  readonly minHealthPercent?: number;
}

export interface TrafficPolicy {
  readonly outlierDetection?: OutlierDetection;
  readonly tls?: { readonly mode?: string };
  readonly portLevelSettings?: readonly (Omit<TrafficPolicy, "portLevelSettings"> & {
    readonly port?: { readonly number?: number };
  })[];
}

export interface DestinationRule extends KubeObject {
  readonly spec?: {
    readonly host?: string;
    readonly exportTo?: readonly string[];
    readonly trafficPolicy?: TrafficPolicy;
    readonly subsets?: readonly {
      readonly name: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly trafficPolicy?: TrafficPolicy;
    }[];
  };
}

type MutualTlsMode = "UNSET" | "DISABLE" | "PERMISSIVE" | "STRICT";

export interface PeerAuthentication extends KubeObject {
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly mtls?: { readonly mode?: MutualTlsMode };
    /** By the port of the workload. */
    readonly portLevelMtls?: Readonly<Record<string, { readonly mode?: MutualTlsMode }>>;
  };
}

/** The same resources as kube/resources.ts, seen more closely. */
export const VIRTUAL_SERVICES: Resource<VirtualService> = {
  group: "networking.istio.io",
  version: "v1",
  kind: "VirtualService",
  plural: "virtualservices",
  namespaced: true,
};

export const DESTINATION_RULES: Resource<DestinationRule> = {
  group: "networking.istio.io",
  version: "v1",
  kind: "DestinationRule",
  plural: "destinationrules",
  namespaced: true,
};

export const PEER_AUTHENTICATIONS: Resource<PeerAuthentication> = {
  group: "security.istio.io",
  version: "v1",
  kind: "PeerAuthentication",
  plural: "peerauthentications",
  namespaced: true,
};
