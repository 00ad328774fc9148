import type { Client } from "../kube/client.ts";
import { FencedClient } from "../kube/fenced-client.ts";
import { LeaderElector } from "../kube/leader-elector.ts";
import type { ControllerParts } from "./controller-parts.ts";

/** Who of several controllers may write. */
export interface Leadership {
  /** Refuses to write while this process does not lead. */
  readonly client: Client;
  readonly mayWrite: () => boolean;
  /** Begins to seek the Lease; to be called with warm caches. */
  start(): void;
  /** Gives the Lease back, so that the next need not wait for its end. Nothing is written any more. */
  stop(): Promise<void>;
}

/** Without a Lease this process always leads: somebody else sees to it that it is alone. */
export function createLeadership(
  parts: Pick<ControllerParts, "client" | "clock" | "random" | "instance" | "lease" | "logger" | "metrics">,
  lead: () => void,
): Leadership {
  const { client, clock, random, instance: identity, lease, logger } = parts;
  if (lease === undefined) {
    return { client, mayWrite: () => true, start: () => {}, stop: async () => {} };
  }
  const { terms } = parts.metrics.own.process;
  const onElected = () => {
    terms.add({ to: "leader" });
    lead();
  };
  const onDeposed = () => terms.add({ to: "standby" });
  const elector = new LeaderElector({ client, clock, random, lease, identity, logger, onElected, onDeposed });
  return {
    client: new FencedClient(client, elector, clock),
    mayWrite: () => elector.isLeader(),
    start: () => elector.start(),
    stop: () => elector.stop(),
  };
}
