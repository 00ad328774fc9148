import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { AxiosAdapter, AxiosInstance } from "axios";
import axios, { isAxiosError } from "axios";
import { type Clock, deadline } from "../lib/clock.ts";
import type { Attempt } from "../lib/delivery-queue.ts";
import { type AddressGuard, ForbiddenAddressError } from "../net/address-guard.ts";

export interface HttpEdgeOptions {
  readonly clock: Clock;
  /** For one attempt, from connecting to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Allows plain HTTP, for tests and for a relay on the same host. */
  readonly allowHttp: boolean;
  /** Absent: every address may be reached. */
  readonly guard?: AddressGuard | undefined;
  /** How requests are carried; absent: sockets. */
  readonly adapter?: AxiosAdapter | undefined;
}

export interface PostRequest {
  readonly url: string;
  /** The URL is a setting of the controller: it may lead anywhere. */
  readonly isOwn?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent byte for byte as it is; an object as JSON. */
  readonly body: string | Uint8Array | object;
}

/** What came back; or, where nothing did, what becomes of the attempt. */
export type Reply =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: string;
      /** As the receiver asks for, within reason; null: it does not ask. */
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: "none"; readonly attempt: Attempt };

export type Answer = Extract<Reply, { readonly kind: "answer" }>;

/** No receiver has more to say. Bytes. */
const MAX_ANSWER_BYTES = 65_536;

/** A longer Retry-After is not waited for. */
const MAX_RETRY_AFTER_MS = 600_000;

/**
 * Posts to addresses that somebody wrote into a Secret: HTTPS only, none that lead back to us, no redirects (they would hand
 * message and secret path to whom nobody named), a time and a size limit. Reasons never hold the URL: whoever has it can post.
 */
export class HttpEdge {
  readonly #options: HttpEdgeOptions;
  readonly #http: AxiosInstance;
  /** Resolve names past the guard. */
  readonly #agents: { readonly httpAgent?: HttpAgent; readonly httpsAgent?: HttpsAgent };

  constructor(options: HttpEdgeOptions) {
    this.#options = options;
    const { guard } = options;
    this.#agents =
      guard === undefined
        ? {}
        : {
            httpAgent: new HttpAgent({ lookup: guard.lookup }),
            httpsAgent: new HttpsAgent({ lookup: guard.lookup }),
          };
    this.#http = axios.create({
      ...(options.adapter === undefined ? {} : { adapter: options.adapter }),
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      responseType: "text",
      // As text, whatever it looks like.
      transformResponse: (data: unknown) => data,
      validateStatus: () => true,
    });
  }

  /** Does not reject. */
  async post({ url, headers = {}, body, isOwn = false }: PostRequest): Promise<Reply> {
    const { clock, timeoutMs, allowHttp, guard } = this.#options;
    const problem = urlProblem(url, allowHttp) ?? (isOwn ? null : addressProblem(url, guard));
    if (problem !== null) return { kind: "none", attempt: { result: "refused", reason: problem } };
    const limit = deadline(clock, timeoutMs, { reason: () => new Error("timeout") });
    try {
      const {
        status,
        headers: answered,
        data,
      } = await this.#http.post(url, body, {
        headers: { "content-type": "application/json", ...headers },
        signal: limit.signal,
        ...(isOwn ? {} : this.#agents),
      });
      const retryAfterMs = readRetryAfter(answered["retry-after"], clock.now());
      return { kind: "answer", status, body: typeof data === "string" ? data : "", retryAfterMs };
    } catch (error) {
      const attempt: Attempt = limit.signal.aborted
        ? { result: "retry", reason: `no answer within ${timeoutMs} ms` }
        : connectionFailed(error);
      return { kind: "none", attempt };
    } finally {
      limit.release();
    }
  }
}

/** Why this cannot be the URL of a receiver, without quoting it; null when it can. */
function urlProblem(text: string, allowHttp: boolean): string | null {
  if (!URL.canParse(text)) return "the Secret does not hold a URL";
  const { protocol } = new URL(text);
  if (protocol === "https:" || (allowHttp && protocol === "http:")) return null;
  return `the URL in the Secret must begin with https://, not ${protocol}`;
}

/** The same for one that names an address that it must not lead to; names are looked at when they are resolved. */
function addressProblem(url: string, guard: AddressGuard | undefined): string | null {
  try {
    guard?.checkUrl(new URL(url));
    return null;
  } catch (error) {
    return forbiddenText(error) ?? "the URL cannot be used";
  }
}

function forbiddenText(error: unknown): string | null {
  if (!(error instanceof ForbiddenAddressError)) return null;
  return `the URL in the Secret leads to ${error.address}, which notifications may not reach`;
}

/** What an answer means by its status; `word` is what of its body may be told to people, or nothing. */
export function attemptOf({ status, retryAfterMs }: Answer, word = ""): Attempt {
  if (status >= 200 && status < 300) return { result: "sent" };
  const reason = `HTTP ${status}${word === "" ? "" : ` ${word}`}`;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return { result: "retry", reason, ...(retryAfterMs === null ? {} : { afterMs: retryAfterMs }) };
  }
  if (status >= 300 && status < 400)
    return { result: "refused", reason: `${reason}: redirects are not followed` };
  return { result: "refused", reason };
}

/** A member of a JSON object in an answer, if it is a short word or a number; "" otherwise: the rest is not quoted. */
export function wordIn(body: string, ...path: readonly string[]): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return "";
  }
  for (const member of path) value = (value as Readonly<Record<string, unknown>> | null)?.[member];
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && /^[A-Za-z0-9_]{1,60}$/.test(text) ? text : "";
}

/** Seconds, also fractions of them, or a date (RFC 9110, 10.2.3). */
function readRetryAfter(value: unknown, nowMs: number): number | null {
  if (typeof value !== "string" || value === "") return null;
  const delayMs = /^\d+(\.\d+)?$/.test(value) ? Math.ceil(Number(value) * 1_000) : Date.parse(value) - nowMs;
  return Number.isNaN(delayMs) ? null : Math.min(Math.max(delayMs, 0), MAX_RETRY_AFTER_MS);
}

/** Only the code is taken from the error: its message and its config may hold the URL. */
function connectionFailed(error: unknown): Attempt {
  const forbidden = forbiddenText(isAxiosError(error) ? error.cause : error);
  if (forbidden !== null) return { result: "refused", reason: forbidden };
  const code = isAxiosError(error) ? error.code : undefined;
  // The receiver has taken the request when it answers at length; another one would be a second message.
  if (code === "ERR_BAD_RESPONSE") {
    return {
      result: "refused",
      reason: `the answer is no receiver's (unreadable, or over ${MAX_ANSWER_BYTES} bytes)`,
    };
  }
  return {
    result: "retry",
    reason: code === undefined ? "the connection failed" : `the connection failed: ${code}`,
  };
}
