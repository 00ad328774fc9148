import { ApiError, UnreachableError } from "../../src/kube/api-error.ts";
import type { Client } from "../../src/kube/client.ts";
import type { Lease } from "../../src/kube/kind/cluster.ts";
import { type Clock, sleep } from "../../src/lib/clock.ts";

export interface LeaseFaults {
  /** Time to the server, and the same back. */
  latencyMs(): number;
  /** The request, or the answer to a request that took effect, is lost. */
  loses(): "request" | "answer" | null;
}

const HEALTHY: LeaseFaults = { latencyMs: () => 0, loses: () => null };

/** Given back by a holder before all time. */
const FREE: Lease = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { namespace: "sluice-system", name: "sluice", uid: "lease", resourceVersion: "1" },
  spec: { holderIdentity: "", leaseDurationSeconds: 1, leaseTransitions: 0 },
};

/** One Lease on a server that compares resourceVersions, with a network of its own for each client. */
export class LeaseStore {
  lease: Lease | null = FREE;
  writes = 0;
  #version = 1;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The lease part of a Client. `isCut` separates this client from the server for as long as it says so. */
  client(faults: LeaseFaults = HEALTHY, isCut: () => boolean = () => false): Client {
    const call = async <R>(perform: () => R): Promise<R> => {
      await this.#travel(faults);
      const lost = faults.loses();
      if (isCut() || lost === "request") throw new UnreachableError("calling: connection refused");
      const answer = perform();
      await this.#travel(faults);
      if (isCut() || lost === "answer") throw new UnreachableError("calling: connection reset");
      return answer;
    };
    const client = {
      get: () => call(() => this.#get()),
      create: (_: unknown, lease: Lease) => call(() => this.#create(lease)),
      update: (_: unknown, lease: Lease) => call(() => this.#update(lease)),
    };
    return client as unknown as Client;
  }

  async #travel(faults: LeaseFaults): Promise<void> {
    const latencyMs = faults.latencyMs();
    if (latencyMs > 0) await sleep(this.#clock, latencyMs);
  }

  #get(): Lease {
    if (this.lease === null) throw new ApiError("getting", { code: 404, reason: "NotFound" });
    return this.lease;
  }

  #create(lease: Lease): Lease {
    if (this.lease !== null) throw new ApiError("creating", { code: 409, reason: "AlreadyExists" });
    return this.#store(lease);
  }

  #update(lease: Lease): Lease {
    // The uid of what is not there is another, too (conformance: "a Lease of a whole API server").
    if (this.lease?.metadata.resourceVersion !== lease.metadata.resourceVersion) {
      throw new ApiError("updating", { code: 409, reason: "Conflict" });
    }
    return this.#store(lease);
  }

  #store(lease: Lease): Lease {
    this.writes += 1;
    this.#version += 1;
    this.lease = {
      ...lease,
      metadata: { ...lease.metadata, uid: "lease", resourceVersion: String(this.#version) },
    };
    return this.lease;
  }
}
