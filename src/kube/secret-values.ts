import { type Clock, deadline } from "../lib/clock.ts";
import { OperationError } from "../lib/errors.ts";
import { isForbidden, isNotFound } from "./api-error.ts";
import type { Client } from "./client.ts";
import { CONFIG_MAP, SECRET } from "./resources.ts";

/** A member of a Secret or, where that is no secret, of a ConfigMap. */
export interface SecretKey {
  /** Default: Secret. */
  readonly kind?: "Secret" | "ConfigMap";
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

export type SecretValue =
  | { readonly kind: "value"; readonly value: string }
  /** The object or its member is not there, or must not be read: somebody has to act. */
  | { readonly kind: "missing"; readonly reason: string }
  /** The API server did not answer: later, perhaps. */
  | { readonly kind: "unavailable"; readonly reason: string };

export interface SecretValuesOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** For one request to the API server. */
  readonly timeoutMs: number;
  /** How long an answer is used again; a changed Secret is noticed this much later. */
  readonly keepMs: number;
}

/** Answers kept at the same time; the oldest goes first. */
const MAX_KEPT = 1_000;

/**
 * Single members of Secrets, read when they are needed: a watch on Secrets would hold all of them in memory and want
 * the right to list them. Values are kept for a moment, so that a burst of messages asks once.
 */
export class SecretValues {
  readonly #options: SecretValuesOptions;
  readonly #kept = new Map<string, { readonly untilMs: number; readonly answer: SecretValue }>();

  constructor(options: SecretValuesOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async read(secret: SecretKey): Promise<SecretValue> {
    const id = idOf(secret);
    const now = this.#options.clock.now();
    const kept = this.#kept.get(id);
    if (kept !== undefined && now < kept.untilMs) return kept.answer;
    const answer = await this.#fetch(secret);
    this.#kept.delete(id);
    // A missing one is asked for again: whoever fixes it must not wait.
    if (answer.kind === "value") this.#keep(id, answer);
    return answer;
  }

  /** After a receiver refused the value: it may have been changed just now. */
  forget(secret: SecretKey): void {
    this.#kept.delete(idOf(secret));
  }

  #keep(id: string, answer: SecretValue): void {
    this.#kept.set(id, { untilMs: this.#options.clock.now() + this.#options.keepMs, answer });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
  }

  async #fetch(secret: SecretKey): Promise<SecretValue> {
    const { clock, timeoutMs } = this.#options;
    const { kind = "Secret", namespace, name, key } = secret;
    const title = `${kind} ${namespace}/${name}`;
    const limit = deadline(clock, timeoutMs, { reason: () => new Error("timeout") });
    try {
      const value = await this.#get(secret, limit.signal);
      return value === undefined
        ? { kind: "missing", reason: `${title} has no key ${key}` }
        : { kind: "value", value: value.trim() };
    } catch (error) {
      if (isNotFound(error)) return { kind: "missing", reason: `${title} does not exist` };
      if (isForbidden(error)) return { kind: "missing", reason: `Sluice may not read ${title}` };
      const code = error instanceof OperationError ? error.code : "no answer";
      return { kind: "unavailable", reason: `${title} could not be read: ${code}` };
    } finally {
      limit.release();
    }
  }

  async #get({ kind, namespace, name, key }: SecretKey, signal: AbortSignal): Promise<string | undefined> {
    const { client } = this.#options;
    if (kind === "ConfigMap")
      return (await client.get(CONFIG_MAP, { namespace, name }, { signal })).data?.[key];
    const encoded = (await client.get(SECRET, { namespace, name }, { signal })).data?.[key];
    return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
  }
}

function idOf({ kind = "Secret", namespace, name, key }: SecretKey): string {
  return `${kind}/${namespace}/${name}/${key}`;
}
