import type { Transition } from "../api/notification.ts";
import type { Attempt } from "../lib/delivery-queue.ts";
import type { Receiver } from "./receiver.ts";

/** Whom a transition is about: what must be known of a Rollout once it may have changed or gone. */
export interface Subject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The workload that is released. */
  readonly target: string;
}

/** Earlier transitions that this receiver was not told of. */
export interface Missed {
  readonly count: number;
  /** Titles of the latest of them, oldest first. */
  readonly titles: readonly string[];
}

/** One transition on its way to one receiver. */
export interface Letter {
  readonly subject: Subject;
  readonly transition: Transition;
  readonly receiver: Receiver;
  /** By purpose, as in the receiver. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly cluster: string | undefined;
  /** Where the run can be looked at. */
  readonly dashboard: string | undefined;
  readonly missed: Missed | null;
  /** How long ago it happened, milliseconds. */
  readonly ageMs: number;
  /** The conversation about this run that the channel began earlier; null: none is known. */
  readonly thread: string | null;
}

/** What became of an attempt; a channel that has begun a conversation about the run says which. */
export type Delivery = Attempt & { readonly thread?: string };

/**
 * One kind of receiver: renders a letter in its own markup, escapes what is plain, keeps to its limits, and carries it
 * there. One letter at a time for each receiver.
 */
export interface Channel {
  /** As people call it: "Slack". */
  readonly name: string;
  /** What the receiver can bear: from one message to the next, milliseconds. */
  readonly spacingMs: number;
  /** One attempt. Has its own timeout and does not reject; reasons are for people and hold no secret. */
  send(letter: Letter): Promise<Delivery>;
}
