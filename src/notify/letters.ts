import type { SecretValues } from "../kube/secret-values.ts";
import type { Clock } from "../lib/clock.ts";
import type { Delivery, Letter } from "./channel.ts";
import { dashboardLink } from "./dashboard-link.ts";
import type { LeftOut } from "./left-out.ts";
import type { Receiver } from "./receiver.ts";
import type { Threads } from "./threads.ts";

export interface LettersParts {
  /** Reads the Secrets that hold URLs and tokens. */
  readonly secrets: SecretValues;
  readonly clock: Clock;
  /** Shown in every message; absent when the cluster has no name. */
  readonly cluster?: string | undefined;
  /** Template of links (api/notification-template.ts). */
  readonly dashboardUrl?: string | undefined;
  readonly threads: Threads;
  readonly leftOut: LeftOut;
}

/** Makes letters at the moment when they go out: with the Secrets, conversations and notes of then. */
export class Letters {
  readonly #parts: LettersParts;

  constructor(parts: LettersParts) {
    this.#parts = parts;
  }

  /** The letter; or what becomes of the attempt when a Secret cannot be had. */
  async make({
    subject,
    transition,
    receiver,
  }: Pick<Letter, "subject" | "transition" | "receiver">): Promise<Letter | { readonly instead: Delivery }> {
    const secrets = await this.#read(receiver);
    if ("instead" in secrets) return secrets;
    const { clock, cluster, dashboardUrl, threads, leftOut } = this.#parts;
    const { run } = transition;
    const own = run === null ? {} : threads.of(subject.uid, run.id);
    return {
      subject,
      transition,
      receiver,
      secrets: secrets.values,
      cluster,
      dashboard: dashboardLink(dashboardUrl, subject, transition, cluster),
      missed: leftOut.of(receiver.id),
      ageMs: clock.now() - transition.atMs,
      thread: own[receiver.id] ?? run?.threads[receiver.id] ?? null,
    };
  }

  async #read(
    receiver: Receiver,
  ): Promise<{ readonly values: Letter["secrets"] } | { readonly instead: Delivery }> {
    const values: Record<string, string> = {};
    for (const [purpose, key] of Object.entries(receiver.secrets)) {
      const found = await this.#parts.secrets.read(key);
      if (found.kind === "missing") return { instead: { result: "refused", reason: found.reason } };
      if (found.kind === "unavailable") return { instead: { result: "retry", reason: found.reason } };
      values[purpose] = found.value;
    }
    return { values };
  }
}
