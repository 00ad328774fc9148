import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { AddressGuard } from "../../net/address-guard.ts";
import type { WebhookRequest, WebhookResponse, WebhookTransport } from "./transport.ts";

export interface HttpTransportOptions {
  /** Absent: every address may be reached (a playground, a test). */
  readonly guard?: AddressGuard | undefined;
}

/** More of an answer is not read. */
const MAX_BODY_BYTES = 65_536;

/** Sockets: a connection for each call, no redirects, no proxy. */
export class HttpWebhookTransport implements WebhookTransport {
  readonly #guard: AddressGuard | undefined;

  constructor({ guard }: HttpTransportOptions) {
    this.#guard = guard;
  }

  async post({ url, headers, body, tls }: WebhookRequest, signal: AbortSignal): Promise<WebhookResponse> {
    const target = new URL(url);
    this.#guard?.checkUrl(target);
    const isSecure = target.protocol === "https:";
    const options = {
      method: "POST",
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      // An agent of its own: nothing is kept open, and one webhook's certificates are not another's.
      agent: false,
      signal,
      ...(this.#guard === undefined ? {} : { lookup: this.#guard.lookup }),
      ...(isSecure && tls?.ca !== undefined ? { ca: tls.ca } : {}),
      ...(isSecure ? { rejectUnauthorized: tls?.insecureSkipVerify !== true } : {}),
    } as const;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = isSecure ? requestHttps(target, options, resolve) : requestHttp(target, options, resolve);
      sent.once("error", reject);
      sent.end(body);
    });
    return {
      status: response.statusCode ?? 0,
      headers: firstOf(response.headers),
      body: await beginningOf(response),
    };
  }
}

function firstOf(headers: IncomingMessage["headers"]): WebhookResponse["headers"] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}

/** The status has come, and it is what counts: a body that is too long, or breaks off, is as good as its beginning. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString("utf8");
}
