import type { WebhookSpec } from "../../api/spec-gates.ts";
import type { Client } from "../../kube/client.ts";
import { SecretValues } from "../../kube/secret-values.ts";
import { type Clock, deadline, sleep } from "../../lib/clock.ts";
import { parseDuration } from "../../lib/duration.ts";
import { toError } from "../../lib/errors.ts";
import { ForbiddenAddressError } from "../../net/address-guard.ts";
import type { Gate, GateQuestion, GateReply } from "../gate.ts";
import { type Confidential, readConfidential } from "./confidential.ts";
import { webhookPayload } from "./payload.ts";
import { isWorthAnother, replyOf, retryDelayMs } from "./reply.ts";
import type { WebhookRequest, WebhookResponse, WebhookTransport } from "./transport.ts";

export interface WebhookGateOptions {
  readonly clock: Clock;
  /** Reads Secrets and ConfigMaps. */
  readonly client: Client;
  readonly transport: WebhookTransport;
  /** Whether http:// URLs are refused. */
  readonly httpsOnly: boolean;
}

const VALUES_TIMEOUT_MS = 10_000;
/** A changed Secret is noticed this much later. */
const VALUES_KEEP_MS = 60_000;

/** What one attempt came to: an answer, or why there is none. */
type Attempt = { readonly response: WebhookResponse } | { readonly failure: string };

/** Flagger's webhooks: a POST with its payload, and a status that says yes or no. */
export class WebhookGate implements Gate {
  readonly #options: WebhookGateOptions;
  readonly #values: SecretValues;

  constructor(options: WebhookGateOptions) {
    const { client, clock } = options;
    this.#options = options;
    this.#values = new SecretValues({ client, clock, timeoutMs: VALUES_TIMEOUT_MS, keepMs: VALUES_KEEP_MS });
  }

  ask(question: GateQuestion, signal: AbortSignal): Promise<GateReply> {
    return this.post(question, webhookPayload(question), signal);
  }

  /** As `ask`, with a body that was made before. */
  async post(question: GateQuestion, body: string, signal: AbortSignal): Promise<GateReply> {
    try {
      return await this.#post(question, body, signal);
    } catch (thrown) {
      // An abort, and then nobody reads the reply; or a mistake of ours, which must not end a run.
      const text = signal.aborted ? "given up" : `not asked: ${toError(thrown).name}`;
      return { result: "none", text };
    }
  }

  async #post({ rollout, hook }: GateQuestion, body: string, signal: AbortSignal): Promise<GateReply> {
    if (this.#options.httpsOnly && !hook.url.startsWith("https://"))
      return { result: "none", text: "not asked: this controller allows https:// URLs only" };
    const { namespace = "default" } = rollout.metadata;
    const confidential = await readConfidential(hook, body, { values: this.#values, namespace });
    if ("problem" in confidential) return { result: "none", text: `not asked: ${confidential.problem}` };
    return this.#askAgain(hook, requestOf(hook, body, confidential), { confidential, signal });
  }

  async #askAgain(
    hook: WebhookSpec,
    request: WebhookRequest,
    { confidential, signal }: { readonly confidential: Confidential; readonly signal: AbortSignal },
  ): Promise<GateReply> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(hook, request, signal);
      const response = "response" in outcome ? outcome.response : null;
      if (attempt <= hook.retries && (response === null || isWorthAnother(response))) {
        await sleep(this.#options.clock, retryDelayMs(attempt, response), signal);
        continue;
      }
      if (!("response" in outcome))
        return { result: "none", text: `${outcome.failure}${triesText(attempt)}` };
      const { result, text } = replyOf(outcome.response, confidential.secrets);
      return { result, text: result === "yes" ? text : `${text}${triesText(attempt)}` };
    }
  }

  async #attempt(hook: WebhookSpec, request: WebhookRequest, parent: AbortSignal): Promise<Attempt> {
    const { clock, transport } = this.#options;
    const limit = deadline(clock, parseDuration(hook.timeout) ?? 0, {
      parent,
      reason: () => new Error("timeout"),
    });
    try {
      return { response: await transport.post(request, limit.signal) };
    } catch (error) {
      if (parent.aborted) throw error;
      if (limit.signal.aborted) return { failure: `no answer within ${hook.timeout}` };
      return { failure: failureText(error) };
    } finally {
      limit.release();
    }
  }
}

function requestOf(hook: WebhookSpec, body: string, { headers, ca }: Confidential): WebhookRequest {
  const { tls } = hook;
  return {
    url: hook.url,
    headers: { "content-type": "application/json", "user-agent": "sluice", ...headers },
    body,
    ...(tls === undefined ? {} : { tls: { ca, insecureSkipVerify: tls.insecureSkipVerify } }),
  };
}

/** Only the code: a message may hold the URL, or what a server made up. */
function failureText(error: unknown): string {
  if (error instanceof ForbiddenAddressError) return `not asked: ${error.message}`;
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" ? `no connection: ${code}` : "no connection";
}

function triesText(attempts: number): string {
  return attempts === 1 ? "" : ` (${attempts} attempts)`;
}
