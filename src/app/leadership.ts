import type { Client } from "../kube/client.ts";
import { FencedClient } from "../kube/fenced-client.ts";
import { LeaderElector } from "../kube/leader-elector.ts";
import type { ControllerParts } from "./controller-parts.ts";

export interface LeadershipState {
  readonly leads: boolean;
  /** Who holds the Lease, as far as known; null: there is no Lease, or nobody holds it. */
  readonly holder: string | null;
  /** Rises with every change of hands; null while this process does not lead. */
  readonly term: number | null;
  /** Why the Lease could not be read or written; null while it can. */
  readonly problem: string | null;
}

/** Without a Lease. */
const ALONE: LeadershipState = { leads: true, holder: null, term: null, problem: null };

/** Who of several controllers may write. */
export interface Leadership {
  /** Refuses to write while this process does not lead. */
  readonly client: Client;
  readonly mayWrite: () => boolean;
  /** It leads, and may not write until the next renewal of the Lease: its clock was set. What is due then has to wait. */
  readonly isInDoubt: () => boolean;
  /** Who leads, for people. */
  state(): LeadershipState;
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
    return {
      client,
      mayWrite: () => true,
      isInDoubt: () => false,
      state: () => ALONE,
      start: () => {},
      stop: async () => {},
    };
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
    isInDoubt: () => elector.term !== null && !elector.isLeader(),
    state: () => ({
      leads: elector.isLeader(),
      holder: elector.holder || null,
      term: elector.term?.number ?? null,
      problem:
        elector.problem === null ? null : `the Lease ${lease.namespace}/${lease.name}: ${elector.problem}`,
    }),
    start: () => elector.start(),
    stop: () => elector.stop(),
  };
}
