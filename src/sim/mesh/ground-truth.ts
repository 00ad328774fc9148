/** Entries kept of one tally; beyond it, older times are known half as finely. */
const TALLY_LIMIT = 100_000;

/** A count over time: how many there were up to each instant. */
class Tally {
  #times: number[] = [];
  /** #totals[i]: all up to and including #times[i]. */
  #totals: number[] = [];

  add(at: number, count: number): void {
    const last = this.#times.length - 1;
    const total = (this.#totals[last] ?? 0) + count;
    if (this.#times[last] === at) {
      this.#totals[last] = total;
      return;
    }
    this.#times.push(at);
    this.#totals.push(total);
    if (this.#times.length > TALLY_LIMIT) this.#thin();
  }

  /** From `fromMs` (included) to `toMs` (not included). */
  between(fromMs: number, toMs: number): number {
    return this.#before(toMs) - this.#before(fromMs);
  }

  #before(at: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return this.#totals[low - 1] ?? 0;
  }

  #thin(): void {
    const keep = (_: number, index: number) => index % 2 === 1 || index === this.#times.length - 1;
    this.#totals = this.#totals.filter(keep);
    this.#times = this.#times.filter(keep);
  }
}

/** Requests that reached, or were sent to, the pods of one ReplicaSet. */
export interface PodGroup {
  readonly namespace: string;
  readonly workload: string;
  /** pod-template-hash; "" for pods without one. */
  readonly hash: string;
}

export type RequestUse = "live" | "mirror";

export interface SentFilter {
  readonly namespace: string;
  readonly workload: string;
  /** Absent: all revisions. */
  readonly hash?: string;
  /** Absent: both. */
  readonly use?: RequestUse;
  /** Absent: from the beginning. */
  readonly fromMs?: number;
  /** Absent: up to now. */
  readonly toMs?: number;
}

export interface Window {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/**
 * What really happened, kept apart from the metrics that the mesh reports: for tests and expectations. Counts are
 * attempts, retries included, except those of users, who see only the last one.
 */
export class GroundTruth {
  readonly #sent = new Map<
    string,
    { readonly group: PodGroup; readonly use: RequestUse; readonly tally: Tally }
  >();
  readonly #users = { requests: new Tally(), errors: new Tally() };
  readonly #unready = new Tally();

  /** A request was sent to a pod, whether or not the pod was there. */
  sent(at: number, group: PodGroup, use: RequestUse, count: number): void {
    const key = `${group.namespace}/${group.workload}/${group.hash}/${use}`;
    let entry = this.#sent.get(key);
    if (entry === undefined) {
      entry = { group, use, tally: new Tally() };
      this.#sent.set(key, entry);
    }
    entry.tally.add(at, count);
  }

  /** The pod was gone or not serving. */
  sentToUnready(at: number, count: number): void {
    this.#unready.add(at, count);
  }

  /** A user got an answer; one of 500 and above is an error. */
  answered(at: number, status: number, count: number): void {
    this.#users.requests.add(at, count);
    if (status >= 500) this.#users.errors.add(at, count);
  }

  requestsTo(filter: SentFilter): number {
    let total = 0;
    for (const { group, use, tally } of this.#sent.values()) {
      if (group.namespace !== filter.namespace || group.workload !== filter.workload) continue;
      if (filter.hash !== undefined && filter.hash !== group.hash) continue;
      if (filter.use !== undefined && filter.use !== use) continue;
      total += within(tally, filter);
    }
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

  /** Everything that requests were ever sent to. */
  groups(): readonly PodGroup[] {
    return [...new Map([...this.#sent.values()].map(({ group }) => [JSON.stringify(group), group])).values()];
  }
}

function within(tally: Tally, window: Window): number {
  return tally.between(window.fromMs ?? Number.NEGATIVE_INFINITY, window.toMs ?? Number.POSITIVE_INFINITY);
}
