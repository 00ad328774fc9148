import { shorten, withoutSecrets } from "../../lib/text.ts";
import type { GateReply } from "../gate.ts";
import type { WebhookResponse } from "./transport.ts";

/** Flagger's rule is "at most 202"; a 204 is a yes as well, since it says so without a word. */
const YES: ReadonlySet<number> = new Set([200, 201, 202, 204]);

/** Said by whoever stands before the webhook: a limit, a proxy without a backend. */
const NOBODY: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

const MAX_TEXT = 200;

/** What an answer means, and how people read it. */
export function replyOf({ status, body }: WebhookResponse, secrets: readonly string[]): GateReply {
  const words = cleaned(body, secrets);
  const text = words === "" ? String(status) : `${status} "${words}"`;
  if (YES.has(status)) return { result: "yes", text };
  if (status >= 300 && status < 400)
    return { result: "none", text: `${status}: redirects are not followed, give the final URL` };
  return { result: NOBODY.has(status) ? "none" : "no", text };
}

/** One line, without what a terminal would obey, and without what was sent to the webhook in confidence. */
function cleaned(body: string, secrets: readonly string[]): string {
  const line = body.replace(/\p{C}+/gu, " ");
  return shorten(withoutSecrets(line, secrets), MAX_TEXT);
}

/** Another attempt may fare better; the rule of go-retryablehttp, which Flagger uses. */
export function isWorthAnother({ status }: WebhookResponse): boolean {
  return status === 429 || (status >= 500 && status !== 501);
}

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;

/** Before attempt number `attempt` + 1: 1 s, 2 s, 4 s, ...; or what the answer asks for. */
export function retryDelayMs(attempt: number, response: WebhookResponse | null): number {
  const asked = response?.headers["retry-after"];
  if (asked !== undefined && /^\d+$/.test(asked)) return Math.min(Number(asked) * 1_000, LONGEST_DELAY_MS);
  return Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), LONGEST_DELAY_MS);
}
