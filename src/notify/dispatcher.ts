import type { Transition } from "../api/notification.ts";
import type { Rollout } from "../api/rollout.ts";
import type { ReceiverKind } from "../api/spec-notifications.ts";
import { DeliveryQueue } from "../lib/delivery-queue.ts";
import { formatDuration } from "../lib/duration.ts";
import { toError } from "../lib/errors.ts";
import { RecentSet } from "../lib/recent-set.ts";
import { plural } from "../lib/text.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Channel, Delivery, Letter, Subject } from "./channel.ts";
import { LeftOut } from "./left-out.ts";
import { Letters, type LettersParts } from "./letters.ts";
import type { Notifier } from "./notify.ts";
import { type Defaults, placeOf, type Receiver, rankOf, receiversOf } from "./receiver.ts";
import { Threads } from "./threads.ts";

/** What became of a notification for one receiver. */
export const DELIVERY_OUTCOMES = {
  sent: "The receiver took it.",
  failed: "It was given up after an hour of attempts.",
  refused: "The receiver or its Secret says no.",
  dropped: "It was left out because too many waited for the receiver.",
  repeated: "The same transition was told before.",
  abandoned: "The process ended before it was delivered.",
} as const;

export type DeliveryOutcome = keyof typeof DELIVERY_OUTCOMES;

export interface DispatcherOptions extends Omit<LettersParts, "threads" | "leftOut"> {
  readonly channels: Readonly<Record<ReceiverKind, Channel>>;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Receivers of every Rollout. */
  readonly defaults: Defaults;
  /** Something that a person has to put right, once until it works again. For an event of the Rollout. */
  readonly onProblem: (rollout: Rollout, message: string) => void;
  /** A conversation has begun: whoever keeps the status should look at `threads`. */
  readonly onThread: (subject: Subject) => void;
  /** Hears of every notification and receiver once; `tookMs` from the transition. */
  readonly onOutcome?: (kind: ReceiverKind, outcome: DeliveryOutcome, tookMs: number) => void;
}

interface Job {
  readonly transition: Transition;
  readonly subject: Subject;
  readonly receiver: Receiver;
  /** For events: the Rollout's identity and nothing else, so that what waits stays small. */
  readonly rollout: Rollout;
}

const MAX_PENDING = 2_000;
const MAX_PER_RECEIVER = 100;
const GIVE_UP_AFTER_MS = 3_600_000;
const MAX_CONCURRENT = 16;
const BACKOFF = { firstMs: 1_000, maxMs: 60_000 };
/** A receiver that has failed so often in a row is a problem of which people must know; about half a minute. */
const TOLERATED_ATTEMPTS = 6;
/** Transitions, and receivers with problems, that are remembered. */
const MAX_REMEMBERED = 10_000;
/** Notifications named one by one when the process ends. */
const MAX_NAMED = 20;

/** Takes transitions to their receivers: chooses, queues, retries, counts, and tells of what does not work. */
export class Dispatcher implements Notifier {
  readonly #options: DispatcherOptions;
  readonly #queue: DeliveryQueue<Job>;
  readonly #letters: Letters;
  readonly #threads = new Threads();
  readonly #leftOut = new LeftOut();
  readonly #told = new RecentSet(MAX_REMEMBERED);
  readonly #reported = new RecentSet(MAX_REMEMBERED);

  constructor(options: DispatcherOptions) {
    const { clock, random, channels } = options;
    this.#options = options;
    this.#letters = new Letters({ ...options, threads: this.#threads, leftOut: this.#leftOut });
    this.#queue = new DeliveryQueue<Job>({
      clock,
      random,
      attempt: (job, attempts) => this.#attempt(job, attempts),
      finished: (job, { result }) => this.#finished(job, result),
      maxPending: MAX_PENDING,
      maxPerLane: MAX_PER_RECEIVER,
      rank: ({ transition }) => rankOf(transition.severity),
      evicted: (job) => this.#drop(job),
      maxAttempts: Number.POSITIVE_INFINITY,
      giveUpAfterMs: GIVE_UP_AFTER_MS,
      backoff: BACKOFF,
      maxConcurrent: MAX_CONCURRENT,
      spacingMs: ({ receiver }) => channels[receiver.kind].spacingMs,
    });
  }

  /** Messages that wait or are under way. */
  get pending(): number {
    return this.#queue.pending;
  }

  notify(rollout: Rollout, transition: Transition): void {
    try {
      const { apiVersion, kind, metadata, spec } = rollout;
      const { namespace = "default", name, uid = "" } = metadata;
      const subject = { namespace, name, uid, target: spec.targetRef.name };
      const identity = { apiVersion, kind, metadata: { namespace, name, uid } } as Rollout;
      for (const receiver of receiversOf(rollout, transition, this.#options.defaults)) {
        this.#enqueue({ transition, subject, receiver, rollout: identity });
      }
    } catch (thrown) {
      this.#failedToMake(transition, thrown);
    }
  }

  threads(rollout: Rollout, runId: number): Readonly<Record<string, string>> {
    return this.#threads.of(rollout.metadata.uid ?? "", runId);
  }

  async drain(timeoutMs: number): Promise<void> {
    await this.#queue.drain(timeoutMs);
    const abandoned = this.#queue.close();
    for (const job of abandoned) this.#count(job, "abandoned");
    if (abandoned.length === 0) return;
    const named = abandoned
      .slice(-MAX_NAMED)
      .map(({ transition }) => `${transition.title} (${transition.id})`);
    this.#options.logger.warn("notifications not delivered before the end", {
      count: abandoned.length,
      named,
    });
  }

  #enqueue(job: Job): void {
    const { receiver, subject, transition } = job;
    if (!this.#told.add(`${subject.uid}/${transition.id}/${receiver.id}`)) this.#count(job, "repeated");
    else if (!this.#queue.add(receiver.id, job)) this.#drop(job);
  }

  #drop(job: Job): void {
    this.#count(job, "dropped");
    const { receiver, transition } = job;
    this.#leftOut.note(receiver.id, transition.title);
    const { id, title } = transition;
    this.#options.logger.info("notification left out", { notification: id, title, receiver: receiver.id });
    this.#report(job, `${MAX_PER_RECEIVER} messages wait for it; the least severe are left out`);
  }

  async #attempt(job: Job, attempts: number): Promise<Delivery> {
    const delivery = await this.#deliver(job);
    if (delivery.result === "refused") {
      this.#report(job, delivery.reason);
      // The Secret may have been changed just now.
      for (const key of Object.values(job.receiver.secrets)) this.#options.secrets.forget(key);
    }
    if (delivery.result === "retry" && attempts === TOLERATED_ATTEMPTS) {
      const limit = formatDuration(GIVE_UP_AFTER_MS);
      this.#report(job, `${delivery.reason} (${attempts} attempts; each message is tried for ${limit})`);
    }
    return delivery;
  }

  async #deliver(job: Job): Promise<Delivery> {
    try {
      const letter = await this.#letters.make(job);
      if ("instead" in letter) return letter.instead;
      const delivery = await this.#options.channels[job.receiver.kind].send(letter);
      if (delivery.result === "sent") this.#arrived(letter, delivery);
      return delivery;
    } catch (thrown) {
      // A message that cannot be made must not stop the ones behind it.
      this.#failedToMake(job.transition, thrown);
      return { result: "refused", reason: `the message could not be made: ${toError(thrown).name}` };
    }
  }

  #arrived({ subject, transition, receiver, missed }: Letter, { thread }: Delivery): void {
    if (missed !== null) this.#leftOut.told(receiver.id, missed);
    const { run } = transition;
    if (thread === undefined || run === null) return;
    if (this.#threads.keep(subject.uid, run.id, receiver.id, thread)) this.#options.onThread(subject);
  }

  #finished(job: Job, result: Delivery["result"]): void {
    if (result === "sent") {
      this.#count(job, "sent");
      this.#reported.delete(job.receiver.id);
      return;
    }
    this.#count(job, result === "refused" ? "refused" : "failed");
    this.#leftOut.note(job.receiver.id, job.transition.title);
  }

  /** Once for each receiver until a message gets through again. */
  #report({ rollout, transition, receiver }: Job, reason: string): void {
    if (!this.#reported.add(receiver.id)) return;
    const { name } = this.#options.channels[receiver.kind];
    const pending = this.#queue.pendingIn(receiver.id);
    const waiting = pending > 1 ? ` ${plural(pending, "message")} wait.` : "";
    this.#options.onProblem(rollout, `${name} is not told (${placeOf(receiver)}): ${reason}.${waiting}`);
    this.#options.logger.warn("a receiver of notifications cannot be told", {
      rollout: `${rollout.metadata.namespace}/${rollout.metadata.name}`,
      notification: transition.id,
      receiver: receiver.id,
      reason,
    });
  }

  #failedToMake({ id }: Transition, thrown: unknown): void {
    this.#options.logger.error("notification could not be made", {
      notification: id,
      error: toError(thrown),
    });
  }

  #count({ receiver, transition }: Job, outcome: DeliveryOutcome): void {
    this.#options.onOutcome?.(receiver.kind, outcome, this.#options.clock.now() - transition.atMs);
  }
}
