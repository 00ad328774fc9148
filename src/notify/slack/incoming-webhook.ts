import type { AxiosAdapter, AxiosInstance } from "axios";
import axios, { isAxiosError } from "axios";
import { type Clock, deadline } from "../../lib/clock.ts";
import type { Attempt } from "../../lib/delivery-queue.ts";
import type { SlackMessage } from "./message.ts";

export interface IncomingWebhookOptions {
  readonly clock: Clock;
  /** For one attempt, from connecting to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Allows plain HTTP, for tests and for a relay on the same host. */
  readonly allowHttp: boolean;
  /** How requests are carried; absent: sockets. */
  readonly adapter?: AxiosAdapter | undefined;
}

/** Slack answers "ok"; more than this is not Slack. Bytes. */
const MAX_ANSWER_BYTES = 65_536;

/** A longer Retry-After is not waited for. */
const MAX_RETRY_AFTER_MS = 600_000;

/**
 * Posts to Slack's incoming webhooks (https://api.slack.com/messaging/webhooks) and tells outcomes as values. Their
 * texts never hold the URL: whoever has it can post to the channel.
 */
export class IncomingWebhook {
  readonly #options: IncomingWebhookOptions;
  readonly #http: AxiosInstance;

  constructor(options: IncomingWebhookOptions) {
    this.#options = options;
    this.#http = axios.create({
      ...(options.adapter === undefined ? {} : { adapter: options.adapter }),
      // A redirect would hand message and secret path to whom Slack did not name.
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      responseType: "text",
      // As text, whatever it looks like.
      transformResponse: (data: unknown) => data,
      validateStatus: () => true,
    });
  }

  async post(url: string, message: SlackMessage): Promise<Attempt> {
    const problem = urlProblem(url, this.#options.allowHttp);
    if (problem !== null) return { result: "refused", reason: problem };
    const { clock, timeoutMs } = this.#options;
    const limit = deadline(clock, timeoutMs, { reason: () => new Error("timeout") });
    try {
      const { status, headers, data } = await this.#http.post(url, message, { signal: limit.signal });
      return attemptOf(status, headers["retry-after"], data, clock.now());
    } catch (error) {
      return limit.signal.aborted
        ? { result: "retry", reason: `no answer within ${timeoutMs} ms` }
        : failed(error);
    } finally {
      limit.release();
    }
  }
}

/** Why this cannot be the URL of a webhook, without quoting it; null when it can. */
function urlProblem(text: string, allowHttp: boolean): string | null {
  if (!URL.canParse(text)) return "the Secret does not hold a URL";
  const { protocol } = new URL(text);
  if (protocol === "https:" || (allowHttp && protocol === "http:")) return null;
  return `the URL in the Secret must begin with https://, not ${protocol}`;
}

function attemptOf(status: number, retryAfter: unknown, body: unknown, nowMs: number): Attempt {
  if (status >= 200 && status < 300) return { result: "sent" };
  const reason = `HTTP ${status}${slackWord(body)}`;
  if (status === 429 || status >= 500) {
    const afterMs = retryAfterMs(retryAfter, nowMs);
    return { result: "retry", reason, ...(afterMs === null ? {} : { afterMs }) };
  }
  if (status >= 300 && status < 400)
    return { result: "refused", reason: `${reason}: redirects are not followed` };
  return { result: "refused", reason };
}

/** Slack explains itself in one word (`no_service`, `channel_is_archived`); anything else is not quoted. */
function slackWord(body: unknown): string {
  return typeof body === "string" && /^[a-z]+(_[a-z]+)*$/.test(body) && body.length <= 40 ? ` ${body}` : "";
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(value: unknown, nowMs: number): number | null {
  if (typeof value !== "string" || value === "") return null;
  const delayMs = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isNaN(delayMs) ? null : Math.min(Math.max(delayMs, 0), MAX_RETRY_AFTER_MS);
}

/** Only the code is taken from the error: its message and its config may hold the URL. */
function failed(error: unknown): Attempt {
  const code = isAxiosError(error) ? error.code : undefined;
  // Slack has taken the request when it answers at length; another one would be a second message.
  if (code === "ERR_BAD_RESPONSE") {
    return {
      result: "refused",
      reason: `the answer is no answer of Slack's (unreadable, or over ${MAX_ANSWER_BYTES} bytes)`,
    };
  }
  return {
    result: "retry",
    reason: code === undefined ? "the connection failed" : `the connection failed: ${code}`,
  };
}
