import { ClientTruth } from "./client-truth.ts";
import { Tally, type Window, within } from "./tally.ts";

/** Requests that reached, or were sent to, the pods of one ReplicaSet. */
export interface PodGroup {
  readonly namespace: string;
  readonly workload: string;
  /** pod-template-hash; "" for pods without one. */
  readonly hash: string;
}

export type RequestUse = "live" | "mirror";

/** Where requests come from, and what they are. */
export interface RequestOrigin {
  /** Name of the source of traffic. */
  readonly source: string;
  readonly method: string;
}

/** Why a request reached no pod at all. */
export type Unserved =
  /** No virtual host, or none of its routes, took it: 404 NR. */
  | "noRoute"
  /** The host or subset that it was routed to is not known: 503 NC. */
  | "noCluster"
  /** The host or subset has no ready endpoint: 503 UH. */
  | "noEndpoints";

export interface UnservedFilter extends Window {
  /** Absent: all three. */
  readonly reason?: Unserved;
  /** Absent: both. */
  readonly use?: RequestUse;
}

export interface SentFilter extends Window {
  readonly namespace: string;
  readonly workload: string;
  /** Absent: all revisions. */
  readonly hash?: string;
  /** Absent: both. */
  readonly use?: RequestUse;
  /** Absent: all sources of traffic. */
  readonly source?: string;
  /** Absent: all methods. */
  readonly method?: string;
}

interface Sent {
  readonly group: PodGroup;
  readonly origin: RequestOrigin;
  readonly use: RequestUse;
  readonly tally: Tally;
}

/**
 * What really happened, kept apart from the metrics that the mesh reports: for tests and expectations. Counts are
 * attempts, retries included, except those of users, who see only the last one.
 */
export class GroundTruth {
  /** Where the clients of populations got to. */
  readonly clients = new ClientTruth();
  readonly #sent = new Map<string, Sent>();
  readonly #users = { requests: new Tally(), errors: new Tally() };
  readonly #unready = new Tally();
  readonly #unserved = new Map<string, { reason: Unserved; use: RequestUse; tally: Tally }>();

  /** A request was sent to a pod, whether or not the pod was there. */
  sent(at: number, group: PodGroup, origin: RequestOrigin, use: RequestUse, count: number): void {
    const key = `${group.namespace}/${group.workload}/${group.hash}/${use}/${origin.source}/${origin.method}`;
    let entry = this.#sent.get(key);
    if (entry === undefined) {
      entry = { group, origin, use, tally: new Tally() };
      this.#sent.set(key, entry);
    }
    entry.tally.add(at, count);
  }

  /** The pod was gone or not serving. */
  sentToUnready(at: number, count: number): void {
    this.#unready.add(at, count);
  }

  /** No pod was asked. */
  unserved(at: number, reason: Unserved, use: RequestUse, count: number): void {
    const key = `${reason} ${use}`;
    let entry = this.#unserved.get(key);
    if (entry === undefined) {
      entry = { reason, use, tally: new Tally() };
      this.#unserved.set(key, entry);
    }
    entry.tally.add(at, count);
  }

  /** A user got an answer; one of 500 and above is an error. */
  answered(at: number, status: number, count: number): void {
    this.#users.requests.add(at, count);
    if (status >= 500) this.#users.errors.add(at, count);
  }

  requestsTo(filter: SentFilter): number {
    let total = 0;
    for (const sent of this.#sent.values()) if (isMeant(sent, filter)) total += within(sent.tally, filter);
    return total;
  }

  userRequests(window: Window = {}): number {
    return within(this.#users.requests, window);
  }

  userErrors(window: Window = {}): number {
    return within(this.#users.errors, window);
  }

  requestsToUnready(window: Window = {}): number {
    return within(this.#unready, window);
  }

  requestsUnserved(filter: UnservedFilter = {}): number {
    let total = 0;
    for (const { reason, use, tally } of this.#unserved.values()) {
      if (filter.reason !== undefined && filter.reason !== reason) continue;
      if (filter.use !== undefined && filter.use !== use) continue;
      total += within(tally, filter);
    }
    return total;
  }

  /** Everything that requests were ever sent to. */
  groups(): readonly PodGroup[] {
    return [...new Map([...this.#sent.values()].map(({ group }) => [JSON.stringify(group), group])).values()];
  }
}

function isMeant({ group, origin, use }: Sent, filter: SentFilter): boolean {
  return (
    group.workload === filter.workload &&
    group.namespace === filter.namespace &&
    (filter.hash === undefined || filter.hash === group.hash) &&
    (filter.use === undefined || filter.use === use) &&
    (filter.source === undefined || filter.source === origin.source) &&
    (filter.method === undefined || filter.method === origin.method)
  );
}
