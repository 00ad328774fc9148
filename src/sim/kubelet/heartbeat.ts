import { isNotFound } from "../../kube/api-error.ts";
import type { Client } from "../../kube/client.ts";
import type { Lease } from "../../kube/kind/cluster.ts";
import { microTime } from "../../kube/lease-record.ts";
import { LEASE } from "../../kube/resources.ts";
import type { Clock, Timer } from "../../lib/clock.ts";
import { toError } from "../../lib/errors.ts";
import type { Logger } from "../../telemetry/logger.ts";

/** Where kubelets hold their Leases (k8s.io/api coordination, NamespaceNodeLease). */
const LEASE_NAMESPACE = "kube-node-lease";

/** A kubelet renews a quarter of the way into its Lease. */
const RENEW_MS = 10_000;
const LEASE_SECONDS = 40;

export interface HeartbeatOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names of the nodes that are alive now. */
  readonly nodes: () => readonly string[];
}

/**
 * Renews the Leases of nodes, as kubelets do: a kube-controller-manager that hears nothing of a node for 50 s marks it
 * unknown and its pods not ready. The embedded cluster's own node controller is told of failures directly and needs none.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Resolves when every node has a Lease. */
  async start(): Promise<void> {
    await this.#beat();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #beat(): Promise<void> {
    const { clock, logger, nodes } = this.#options;
    for (const name of nodes()) {
      try {
        await this.#renew(name);
      } catch (thrown) {
        logger.warn("renewing a node's lease failed", { node: name, error: toError(thrown) });
      }
    }
    if (this.#isStopped) return;
    this.#timer = clock.setTimer(RENEW_MS, () => void this.#beat());
  }

  async #renew(name: string): Promise<void> {
    const { client, clock } = this.#options;
    const key = { namespace: LEASE_NAMESPACE, name };
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: microTime(clock.now()),
    };
    try {
      await client.patch(LEASE, key, { type: "merge", body: { spec } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const lease: Lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: key, spec };
      await client.create(LEASE, lease);
    }
  }
}
