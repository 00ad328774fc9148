import type { AxiosAdapter } from "axios";
import type { Severity } from "../../api/reasons.ts";
import type { Rollout } from "../../api/rollout.ts";
import type { Client } from "../../kube/client.ts";
import { type SecretKey, SecretValues } from "../../kube/secret-values.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Attempt, DeliveryQueue } from "../../lib/delivery-queue.ts";
import { toError } from "../../lib/errors.ts";
import { RecentSet } from "../../lib/recent-set.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Notification, Notifier } from "../notify.ts";
import { IncomingWebhook } from "./incoming-webhook.ts";
import { slackMessage } from "./message.ts";

export interface SlackNotifierOptions {
  /** Reads the Secrets that hold the URLs. */
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Shown in every message; absent when the cluster has no name. */
  readonly cluster?: string | undefined;
  /** Something that a person has to put right, once until it works again. For an event of the Rollout. */
  readonly onProblem: (rollout: Rollout, message: string) => void;
  /** For one request. */
  readonly timeoutMs?: number | undefined;
  readonly allowHttp?: boolean | undefined;
  /** How requests are carried; absent: sockets. */
  readonly adapter?: AxiosAdapter | undefined;
}

/** Deliveries by outcome since the start. */
export interface DeliveryCounts {
  readonly sent: number;
  /** Given up after the last attempt. */
  readonly failed: number;
  /** Slack or the Secret says no. */
  readonly refused: number;
  /** The queue was full. */
  readonly dropped: number;
  /** The same transition was told before. */
  readonly repeated: number;
}

interface Job {
  readonly rollout: Rollout;
  readonly notification: Notification;
  readonly secret: SecretKey;
}

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };

const DEFAULT_TIMEOUT_MS = 10_000;
const SECRET_KEEP_MS = 60_000;
const MAX_PENDING = 1_000;
const MAX_ATTEMPTS = 6;
const MAX_CONCURRENT = 16;
const BACKOFF = { firstMs: 1_000, maxMs: 60_000 };
/** Transitions, and Secrets with problems, that are remembered. */
const MAX_REMEMBERED = 10_000;

/** Slack's incoming webhooks: one message a transition and receiver. */
export class SlackNotifier implements Notifier {
  readonly #options: SlackNotifierOptions;
  readonly #secrets: SecretValues;
  readonly #webhook: IncomingWebhook;
  readonly #queue: DeliveryQueue<Job>;
  readonly #told = new RecentSet(MAX_REMEMBERED);
  readonly #reported = new RecentSet(MAX_REMEMBERED);
  #counts: DeliveryCounts = { sent: 0, failed: 0, refused: 0, dropped: 0, repeated: 0 };

  constructor(options: SlackNotifierOptions) {
    const { client, clock, random, allowHttp = false, adapter, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    this.#options = options;
    this.#secrets = new SecretValues({ client, clock, timeoutMs, keepMs: SECRET_KEEP_MS });
    this.#webhook = new IncomingWebhook({ clock, timeoutMs, allowHttp, adapter });
    this.#queue = new DeliveryQueue<Job>({
      clock,
      random,
      attempt: (job) => this.#attempt(job),
      finished: (job, outcome, attempts) => this.#finished(job, outcome, attempts),
      maxPending: MAX_PENDING,
      maxAttempts: MAX_ATTEMPTS,
      backoff: BACKOFF,
      maxConcurrent: MAX_CONCURRENT,
    });
  }

  get counts(): DeliveryCounts {
    return this.#counts;
  }

  notify(rollout: Rollout, notification: Notification): void {
    const { namespace = "default" } = rollout.metadata;
    for (const { slack, minSeverity, events } of rollout.spec.notifications) {
      if (RANK[notification.severity] < RANK[minSeverity]) continue;
      if (events !== undefined && !events.includes(notification.reason)) continue;
      this.#enqueue({ rollout, notification, secret: { namespace, ...slack.secretRef } });
    }
  }

  drain(timeoutMs: number): Promise<void> {
    return this.#queue.drain(timeoutMs);
  }

  #enqueue(job: Job): void {
    const lane = laneOf(job.secret);
    if (!this.#told.add(`${job.rollout.metadata.uid ?? ""}/${job.notification.id}/${lane}`)) {
      this.#count("repeated");
      return;
    }
    if (this.#queue.add(lane, job)) return;
    this.#count("dropped");
    this.#report(job, `the queue is full (${MAX_PENDING} messages)`);
  }

  async #attempt({ notification, secret }: Job): Promise<Attempt> {
    try {
      const found = await this.#secrets.read(secret);
      if (found.kind === "missing") return { result: "refused", reason: found.reason };
      if (found.kind === "unavailable") return { result: "retry", reason: found.reason };
      const attempt = await this.#webhook.post(
        found.value,
        slackMessage(notification, this.#options.cluster),
      );
      if (attempt.result === "refused") this.#secrets.forget(secret);
      return attempt;
    } catch (error) {
      // A message that cannot be made must not stop the lane behind it.
      return { result: "refused", reason: `the message could not be made: ${toError(error).name}` };
    }
  }

  #finished(job: Job, outcome: Attempt, attempts: number): void {
    if (outcome.result === "sent") {
      this.#count("sent");
      this.#reported.delete(laneOf(job.secret));
      return;
    }
    this.#count(outcome.result === "refused" ? "refused" : "failed");
    const tries = attempts === 1 ? "" : ` (${attempts} attempts)`;
    this.#report(job, `${outcome.reason}${tries}`);
  }

  /** Once for each Secret until a message gets through again. */
  #report({ rollout, notification, secret }: Job, reason: string): void {
    if (!this.#reported.add(laneOf(secret))) return;
    const message = `Slack was not told (Secret ${secret.name}, key ${secret.key}): ${reason}.`;
    const { namespace, name } = rollout.metadata;
    this.#options.logger.warn("notification not delivered", {
      rollout: `${namespace ?? "default"}/${name}`,
      notification: notification.id,
      secret: secret.name,
      reason,
    });
    this.#options.onProblem(rollout, message);
  }

  #count(outcome: keyof DeliveryCounts): void {
    this.#counts = { ...this.#counts, [outcome]: this.#counts[outcome] + 1 };
  }
}

/** One Secret's member is one receiver. */
function laneOf({ namespace, name, key }: SecretKey): string {
  return `${namespace}/${name}/${key}`;
}
