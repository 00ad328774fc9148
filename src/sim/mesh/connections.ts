import type { Carrier, Sender } from "./carry.ts";
import type { Cluster } from "./clusters.ts";
import type { ConnectPlan } from "./connection-route.ts";
import type { MeshPod } from "./pods.ts";
import { deal, reach, serviceOf } from "./reach.ts";
import { type ConnectionCounts, UNKNOWN_WORKLOAD } from "./telemetry.ts";

/** Between a client and one pod. */
interface Line {
  readonly pod: MeshPod;
  readonly cluster: Cluster;
  readonly security: "mutual_tls" | "none";
}

/** Connections that are open. */
interface Open {
  readonly line: Line;
  readonly count: number;
}

/** Connections that come up at one instant, and what becomes of them. */
export interface Flow {
  readonly carrier: Carrier;
  readonly sender: Sender;
  readonly now: number;
  /** The host that was called. */
  readonly authority: string;
  /** How long a connection is kept open, on average; 0: for one request. */
  readonly lastMs: number;
}

/** Bytes each way, in a second of a connection or for one request. */
const BYTES = 1_024;

/**
 * The connections of one proxy that it does not look into. Weights decide where new ones go; those that are open stay
 * with their pod until they end or the pod is gone.
 */
export class Connections {
  #open = new Map<string, Open>();

  get isIdle(): boolean {
    return this.#open.size === 0;
  }

  /** Some end, and those to a pod that has stopped serving break. */
  pass(flow: Flow, durationMs: number): void {
    const { carrier, now, lastMs } = flow;
    const share = 1 - Math.exp(-durationMs / lastMs);
    for (const { line, count } of [...this.#open.values()]) {
      const isThere = carrier.pods.serving(line.pod.key) === line.pod;
      const closed = isThere ? carrier.draw.binomial(count, share) : count;
      const bytes = (count * BYTES * durationMs) / 1_000;
      record(flow, line, { opened: 0, closed, sent: bytes, received: bytes });
      if (!isThere) carrier.truth.broken(now, count);
      this.#put(line, -closed);
    }
  }

  open(flow: Flow, plan: ConnectPlan, count: number): void {
    const { truth, draw } = flow.carrier;
    const shares = plan.destinations.map(({ share }) => share);
    if (!shares.some((share) => share > 0)) {
      truth.unserved(flow.now, "noRoute", "live", count);
      truth.answered(flow.now, FAILED, count);
      return;
    }
    for (const [index, dealt] of draw.split(count, shares).entries()) {
      const cluster = plan.destinations[index]?.cluster;
      if (cluster !== undefined && dealt > 0) this.#connect(flow, cluster, dealt);
    }
  }

  #connect(flow: Flow, cluster: Cluster, count: number): void {
    const { carrier, sender, now, authority } = flow;
    const { outliers, origin } = sender;
    const pods = outliers.usable(cluster, now);
    if (pods.length === 0) {
      const isKnown = cluster.service !== null;
      carrier.truth.unserved(now, isKnown ? "noEndpoints" : "noCluster", "live", count);
      fail(flow, null, cluster, isKnown ? "UH" : "NC", count);
      return;
    }
    const requests = { ...origin, authority, path: "", use: "live" } as const;
    const approach = { at: now, cluster, requests };
    for (const { key, count: dealt } of deal(carrier.draw, pods, count, null)) {
      const reached = reach(carrier, { ...approach, key }, dealt);
      if (reached.pod !== null) {
        this.#accept(flow, { ...reached, cluster }, dealt);
        continue;
      }
      outliers.failed(cluster, key, dealt, carrier.draw, now);
      fail(flow, key, cluster, "UF,URX", dealt);
    }
  }

  /** The application hangs up on some at once: its errors, which no proxy can see. */
  #accept(flow: Flow, line: Line, count: number): void {
    const { carrier, now, lastMs } = flow;
    const { errorRate, errorStatus = FAILED } = line.pod.behaviour(carrier.images, now);
    const errors = carrier.draw.binomial(count, errorRate);
    carrier.truth.answered(now, errorStatus, errors);
    carrier.truth.answered(now, 200, count - errors);
    const closed = lastMs === 0 ? count : errors;
    const bytes = closed * BYTES;
    record(flow, line, { opened: count, closed, sent: bytes, received: bytes });
    this.#put(line, count - closed);
  }

  #put(line: Line, more: number): void {
    const key = `${line.pod.key} ${line.cluster.host} ${line.security}`;
    const known = this.#open.get(key);
    const count = (known?.line.pod === line.pod ? known.count : 0) + more;
    if (count > 0) this.#open.set(key, { line, count });
    else this.#open.delete(key);
  }
}

/** No connection came about. */
function fail(flow: Flow, key: string | null, cluster: Cluster, responseFlags: string, count: number): void {
  const { carrier, sender, now } = flow;
  const kind = {
    reporter: "source",
    security: "unknown",
    source: sender.identity,
    destination: key === null ? UNKNOWN_WORKLOAD : carrier.pods.identity(key),
    service: serviceOf(cluster),
    responseFlags,
  } as const;
  sender.stats?.recordConnections(kind, { opened: count, closed: count, sent: 0, received: 0 });
  carrier.truth.answered(now, FAILED, count);
}

/** Both sides count, where there is a proxy. */
function record({ sender }: Flow, { pod, cluster, security }: Line, counts: ConnectionCounts): void {
  const { identity, stats } = sender;
  const kind = { destination: pod.identity, service: serviceOf(cluster), responseFlags: "-" };
  stats?.recordConnections({ ...kind, reporter: "source", security: "unknown", source: identity }, counts);
  if (!pod.hasSidecar) return;
  const source = security === "mutual_tls" ? identity : UNKNOWN_WORKLOAD;
  pod.stats.recordConnections({ ...kind, reporter: "destination", security, source }, counts);
}

/** What users make of a connection that does not come about. */
const FAILED = 503;
