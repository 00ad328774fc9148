import { DURATION_BUCKETS_MS, type Took } from "./latency.ts";

/** One side of a request as Istio's metrics name it. */
export interface WorkloadIdentity {
  readonly workload: string;
  readonly namespace: string;
  /** Label `app`. */
  readonly app: string;
  /** Label `version`. */
  readonly version: string;
}

/** Istio writes "unknown" for a peer that it does not know. */
export const UNKNOWN_WORKLOAD: WorkloadIdentity = {
  workload: "unknown",
  namespace: "unknown",
  app: "unknown",
  version: "unknown",
};

/** A host that requests went to: `checkout`, `shop`, `checkout.shop.svc.cluster.local`. */
export interface ServiceIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly host: string;
}

/** What distinguishes one series of connections from another. */
export interface ConnectionKind {
  readonly reporter: "source" | "destination";
  readonly source: WorkloadIdentity;
  readonly destination: WorkloadIdentity;
  readonly service: ServiceIdentity;
  /** What the receiving side knows of the connection; the sending one does not tell. */
  readonly security: "mutual_tls" | "none" | "unknown";
  /** Envoy's short flags, `-` for none. */
  readonly responseFlags: string;
}

/** What distinguishes one series of requests from another. */
export interface RequestKind extends ConnectionKind {
  /** 0: the client went away before the answer. */
  readonly responseCode: number;
}

const BOUNDS = DURATION_BUCKETS_MS.map((bound) => (Number.isFinite(bound) ? String(bound) : "+Inf"));

export type Labels = Readonly<Record<string, string>>;

/** Requests of one kind, counted since the proxy started: one counter and one histogram. */
export interface RequestSeries {
  /** The same objects for as long as the series lives: scrapers recognise it by them. */
  readonly labels: Labels;
  /** For each bucket the labels and its `le`. */
  readonly bucketLabels: readonly Labels[];
  requests: number;
  durationSumMs: number;
  /** Requests per bucket of DURATION_BUCKETS_MS; not cumulative. */
  readonly buckets: number[];
}

/** What has happened to connections since it was looked at last. */
export interface ConnectionCounts {
  readonly opened: number;
  readonly closed: number;
  /** Bytes of answers. */
  readonly sent: number;
  /** Bytes of what was asked. */
  readonly received: number;
}

/** Connections of one kind, counted since the proxy started. */
export type ConnectionSeries = { readonly labels: Labels } & {
  -readonly [K in keyof ConnectionCounts]: number;
};

/** The statistics of one sidecar or gateway. They start from zero with it and vanish with it. */
export class ProxyStats {
  readonly #series = new Map<string, RequestSeries>();
  readonly #connections = new Map<string, ConnectionSeries>();

  record(kind: RequestKind, took: readonly Took[]): void {
    const series = this.#seriesOf(kind);
    for (const { count, durationMs, bucket } of took) {
      series.requests += count;
      series.durationSumMs += count * durationMs;
      series.buckets[bucket] = (series.buckets[bucket] ?? 0) + count;
    }
  }

  recordConnections(kind: ConnectionKind, counts: ConnectionCounts): void {
    const key = keyOf(kind);
    let series = this.#connections.get(key);
    if (series === undefined) {
      const labels = { ...peerLabels(kind), request_protocol: "tcp", response_flags: kind.responseFlags };
      series = { labels, opened: 0, closed: 0, sent: 0, received: 0 };
      this.#connections.set(key, series);
    }
    series.opened += counts.opened;
    series.closed += counts.closed;
    series.sent += counts.sent;
    series.received += counts.received;
  }

  connections(): Iterable<ConnectionSeries> {
    return this.#connections.values();
  }

  series(): Iterable<RequestSeries> {
    return this.#series.values();
  }

  #seriesOf(kind: RequestKind): RequestSeries {
    const key = `${keyOf(kind)} ${kind.responseCode}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      const labels = labelsOf(kind);
      series = {
        labels,
        bucketLabels: BOUNDS.map((le) => ({ ...labels, le })),
        requests: 0,
        durationSumMs: 0,
        buckets: BOUNDS.map(() => 0),
      };
      this.#series.set(key, series);
    }
    return series;
  }
}

function keyOf({ reporter, security, source, destination, service, responseFlags }: ConnectionKind): string {
  return `${reporter} ${security} ${source.namespace}/${source.workload} ${destination.namespace}/${destination.workload}/${destination.version} ${service.host} ${responseFlags}`;
}

function labelsOf(kind: RequestKind): Labels {
  return {
    ...peerLabels(kind),
    request_protocol: "http",
    response_code: String(kind.responseCode),
    grpc_response_status: "",
    response_flags: kind.responseFlags,
  };
}

/** Istio's standard labels: https://istio.io/latest/docs/reference/config/metrics/#labels */
function peerLabels({ reporter, source, destination, service, security }: ConnectionKind): Labels {
  return {
    reporter,
    source_workload: source.workload,
    source_workload_namespace: source.namespace,
    source_principal: principal(source),
    source_app: source.app,
    source_version: source.version,
    source_canonical_service: source.app,
    source_canonical_revision: source.version,
    source_cluster: "Kubernetes",
    destination_workload: destination.workload,
    destination_workload_namespace: destination.namespace,
    destination_principal: principal(destination),
    destination_app: destination.app,
    destination_version: destination.version,
    destination_canonical_service: destination.app,
    destination_canonical_revision: destination.version,
    destination_cluster: "Kubernetes",
    destination_service: service.host,
    destination_service_name: service.name,
    destination_service_namespace: service.namespace,
    connection_security_policy: security,
  };
}

function principal(identity: WorkloadIdentity): string {
  if (identity === UNKNOWN_WORKLOAD) return "unknown";
  return `spiffe://cluster.local/ns/${identity.namespace}/sa/default`;
}
