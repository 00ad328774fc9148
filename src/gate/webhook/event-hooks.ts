import type { Rollout } from "../../api/rollout.ts";
import { type WebhookSpec, webhooksSchema } from "../../api/spec-gates.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Attempt, DeliveryQueue } from "../../lib/delivery-queue.ts";
import { RecentSet } from "../../lib/recent-set.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { webhookPayload } from "./payload.ts";
import type { WebhookGate } from "./webhook.ts";

export interface EventHooksOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  readonly gate: Pick<WebhookGate, "post">;
  /** Something that a person has to put right, once until it works again. Must not come back here as an event. */
  readonly onProblem: (rollout: Rollout, message: string) => void;
}

/** What happened to a Rollout. */
export interface ToldEvent {
  readonly type: "Normal" | "Warning";
  readonly message: string;
}

/** Deliveries by outcome since the start. */
export interface EventHookCounts {
  readonly sent: number;
  /** The webhook refused, or did not answer. */
  readonly failed: number;
  /** The queue was full. */
  readonly dropped: number;
}

interface Job {
  readonly rollout: Rollout;
  readonly hook: WebhookSpec;
  readonly event: ToldEvent;
  readonly atMs: number;
}

const MAX_PENDING = 1_000;
/** One that hangs leaves room for the others. */
const MAX_PER_WEBHOOK = 100;
const MAX_CONCURRENT = 32;
/** Webhooks with problems that are remembered. */
const MAX_REMEMBERED = 10_000;

/**
 * Webhooks of type `event`: each event of a Rollout is posted to each of them, in order, as Flagger does. `post` returns
 * at once and never throws; what is not delivered is counted and told.
 */
export class EventHooks {
  readonly #options: EventHooksOptions;
  readonly #queue: DeliveryQueue<Job>;
  readonly #reported = new RecentSet(MAX_REMEMBERED);
  readonly #stopped = new AbortController();
  #counts: EventHookCounts = { sent: 0, failed: 0, dropped: 0 };

  constructor(options: EventHooksOptions) {
    const { clock, random } = options;
    this.#options = options;
    this.#queue = new DeliveryQueue<Job>({
      clock,
      random,
      attempt: (job) => this.#attempt(job),
      finished: (job, outcome) => this.#finished(job, outcome),
      maxPending: MAX_PENDING,
      maxPerLane: MAX_PER_WEBHOOK,
      // Retries are the webhook's own, and part of one attempt.
      maxAttempts: 1,
      backoff: { firstMs: 1_000, maxMs: 1_000 },
      maxConcurrent: MAX_CONCURRENT,
    });
  }

  get counts(): EventHookCounts {
    return this.#counts;
  }

  /** `rollout` with the status that the event belongs to. */
  post(rollout: Rollout, event: ToldEvent): void {
    // A spec that was refused is told of as well, and may hold anything.
    const { data: hooks = [] } = webhooksSchema.safeParse(rollout.spec?.webhooks);
    for (const hook of hooks.filter(({ type }) => type === "event")) {
      const job: Job = { rollout, hook, event, atMs: this.#options.clock.now() };
      if (!this.#queue.add(laneOf(job), job)) this.#leaveOut(job);
    }
  }

  /** What there is no room for is counted, and named in the log one by one. */
  #leaveOut(job: Job): void {
    this.#count("dropped");
    const { rollout, hook, event } = job;
    const named = { ...namesOf(rollout), webhook: hook.name, event: event.message };
    this.#options.logger.warn("event left out", named);
    const waiting = this.#queue.pendingIn(laneOf(job));
    this.#report(job, `${waiting} events wait for it, ${this.#queue.pending} in all: no room for more`);
  }

  /** Waits until the queue is empty, at most `timeoutMs`, and gives up what is left. */
  async drain(timeoutMs: number): Promise<void> {
    await this.#queue.drain(timeoutMs);
    this.#stopped.abort();
  }

  async #attempt({ rollout, hook, event, atMs }: Job): Promise<Attempt> {
    const { run, revision, phase } = rollout.status ?? {};
    const question = { rollout, hook, phase: phase ?? "", checksum: run?.revision ?? revision ?? "" };
    const body = webhookPayload(question, {
      eventMessage: event.message,
      eventType: event.type,
      timestamp: String(Math.round(atMs)),
    });
    const { result, text } = await this.#options.gate.post(question, body, this.#stopped.signal);
    return result === "yes" ? { result: "sent" } : { result: "refused", reason: text };
  }

  #finished(job: Job, outcome: Attempt): void {
    if (outcome.result === "sent") {
      this.#count("sent");
      this.#reported.delete(laneOf(job));
      return;
    }
    this.#count("failed");
    this.#report(job, outcome.reason);
  }

  #report(job: Job, reason: string): void {
    if (!this.#reported.add(laneOf(job))) return;
    this.#options.logger.warn("event not delivered", {
      ...namesOf(job.rollout),
      webhook: job.hook.name,
      reason,
    });
    this.#options.onProblem(job.rollout, `The event webhook "${job.hook.name}" was not told: ${reason}.`);
  }

  #count(outcome: keyof EventHookCounts): void {
    this.#counts = { ...this.#counts, [outcome]: this.#counts[outcome] + 1 };
  }
}

function namesOf({ metadata: { namespace = "default", name } }: Rollout): { readonly rollout: string } {
  return { rollout: `${namespace}/${name}` };
}

function laneOf({ rollout, hook }: Job): string {
  return `${rollout.metadata.uid ?? rollout.metadata.name}/${hook.name}`;
}
