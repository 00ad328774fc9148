import type { Transition } from "../api/notification.ts";
import type { Rollout } from "../api/rollout.ts";

/**
 * Tells people. `notify` returns at once and never throws: delivery is queued with a bound, has its own timeouts and
 * retries, and what is dropped is counted and named.
 */
export interface Notifier {
  /** Tells the receivers of the Rollout of a transition that has come about. The same one again is left out. */
  notify(rollout: Rollout, transition: Transition): void;
  /** Conversations that this process has begun about a run, by receiver: to be kept in the run's status. */
  threads(rollout: Rollout, runId: number): Readonly<Record<string, string>>;
  /** Waits until everything is delivered, at most `timeoutMs`, then names what is not; for shutdown. */
  drain(timeoutMs: number): Promise<void>;
}
