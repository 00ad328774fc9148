import { ClientTruth } from "./client-truth.ts";
import type { SeenRequest } from "./rewrite.ts";
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

/** Requests as they arrived. */
export interface SentRequests extends RequestOrigin, SeenRequest {
  readonly use: RequestUse;
}

/** Why a request was heard by no pod at all. */
export type Unserved =
  /** No virtual host, or none of its routes, took it: 404 NR. */
  | "noRoute"
  /** The host or subset that it was routed to is not known: 503 NC. */
  | "noCluster"
  /** The host or subset has no ready endpoint, or all of them are ejected: 503 UH. */
  | "noEndpoints"
  /** The pod takes mutual TLS only and got plain text (503 UC), or the other way about (503 UF). */
  | "mutualTls";

export interface UnservedFilter extends Window {
  /** Absent: all of them. */
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
  /** As the pod saw it, after rewriting, with its query. Absent: all. */
  readonly path?: string;
  /** The Host header that the pod saw. Absent: all. */
  readonly authority?: string;
}

interface Sent {
  readonly group: PodGroup;
  readonly requests: SentRequests;
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
  readonly #broken = new Tally();
  readonly #unserved = new Map<string, { reason: Unserved; use: RequestUse; tally: Tally }>();

  /** A request was sent to a pod, whether or not the pod was there. */
  sent(at: number, group: PodGroup, requests: SentRequests, count: number): void {
    const { use, source, method, authority, path } = requests;
    const key = `${group.namespace}/${group.workload}/${group.hash} ${use} ${source} ${method} ${authority}${path}`;
    let entry = this.#sent.get(key);
    if (entry === undefined) {
      entry = { group, requests, tally: new Tally() };
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
    if (count === 0) return;
    this.#users.requests.add(at, count);
    if (status >= 500) this.#users.errors.add(at, count);
  }

  /** Users lost connections that had come about. */
  broken(at: number, count: number): void {
    this.#broken.add(at, count);
    this.#users.errors.add(at, count);
  }

  brokenConnections(window: Window = {}): number {
    return within(this.#broken, window);
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

const CHOICES = ["use", "source", "method", "path", "authority"] as const;

function isMeant({ group, requests }: Sent, filter: SentFilter): boolean {
  return (
    group.workload === filter.workload &&
    group.namespace === filter.namespace &&
    (filter.hash === undefined || filter.hash === group.hash) &&
    CHOICES.every((key) => filter[key] === undefined || filter[key] === requests[key])
  );
}
