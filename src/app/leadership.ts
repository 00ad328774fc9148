import type { Client } from "../kube/client.ts";
import { FencedClient } from "../kube/fenced-client.ts";
import { LeaderElector, type Term } from "../kube/leader-elector.ts";
import { within } from "../lib/clock.ts";
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

/** Where a kind cannot be listed any more an abort must be obeyed all the same. */
const CATCH_UP_LIMIT_MS = 30_000;

/** Without a Lease. */
const ALONE: LeadershipState = { leads: true, holder: null, term: null, problem: null };

export interface Succession {
  /** Reads what the leader before may have written. */
  catchUp(): Promise<void>;
  /** Begins to work. */
  lead(): void;
}

/** Who of several controllers may write. */
export interface Leadership {
  /** Refuses to write while this process does not lead. */
  readonly client: Client;
  /** It leads, and knows what the leader before it has written. */
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

/**
 * Without a Lease this process always leads: somebody else sees to it that it is alone. With one, a term begins with a read:
 * the watches of a standby may lag, or hang unnoticed, and say that nothing is under way.
 */
export function createLeadership(
  parts: Pick<ControllerParts, "client" | "clock" | "random" | "instance" | "lease" | "logger" | "metrics">,
  succession: Succession,
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
  let current: Term | null = null;
  const onElected = async (term: Term) => {
    terms.add({ to: "leader" });
    const electedAt = clock.now();
    let isKnown = false;
    const caughtUp = succession.catchUp().then(() => {
      isKnown = true;
    });
    await within(clock, CATCH_UP_LIMIT_MS, caughtUp);
    if (elector.term !== term) return;
    current = term;
    const details = { term: term.number, readMs: clock.now() - electedAt };
    if (isKnown) logger.info("leading: what the leader before has written is known", details);
    else logger.warn("leading with what was known before: lists do not come", details);
    succession.lead();
  };
  const onDeposed = () => terms.add({ to: "standby" });
  const elector = new LeaderElector({ client, clock, random, lease, identity, logger, onElected, onDeposed });
  return {
    client: new FencedClient(client, elector, clock),
    mayWrite: () => elector.isLeader() && elector.term === current,
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
