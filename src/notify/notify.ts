import type { Severity, ToldReason } from "../api/reasons.ts";
import type { Rollout } from "../api/rollout.ts";

/** One transition, told to people. Texts are plain; a member renders them in its own markup and escapes them. */
export interface Notification {
  /** Same run and transition, same id: for deduplication. */
  readonly id: string;
  readonly rollout: { readonly namespace: string; readonly name: string };
  readonly reason: ToldReason;
  readonly severity: Severity;
  /** What happened: "shop/checkout: v2 rolled back at 25 %". */
  readonly title: string;
  /** Why, with numbers. */
  readonly text: string;
  /** What to do next; absent when nothing is. */
  readonly next?: string;
  /** Short facts shown beside the text: revision, image, weight, duration. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
}

/**
 * Tells people. `notify` returns at once and never throws: delivery is queued with a bound, has its own timeouts and
 * retries, and what is dropped is counted and logged.
 */
export interface Notifier {
  notify(rollout: Rollout, notification: Notification): void;
  /** Waits until the queue is empty, at most `timeoutMs`; for shutdown. */
  drain(timeoutMs: number): Promise<void>;
}
