import type { Attempt } from "../../lib/delivery-queue.ts";
import { attemptOf, type HttpEdge, wordIn } from "../http-edge.ts";

/** What a method came to. Slack says no with status 200 and a word. */
export type SlackResult =
  | { readonly kind: "ok"; readonly channel: string; readonly ts: string }
  /** `word` is Slack's own (`channel_not_found`); "" where it did not come to that. */
  | { readonly kind: "not"; readonly word: string; readonly attempt: Attempt };

/** Words of a Slack that is not itself at the moment. */
const PASSING = [
  "ratelimited",
  "rate_limited",
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "team_added_to_org",
];

/** What a person can do about a word. */
const REMEDIES: Readonly<Record<string, string>> = {
  channel_not_found: "is its name right, and is the bot in it (/invite)?",
  not_in_channel: "invite the bot to the channel",
  is_archived: "the channel is archived",
  missing_scope: "the token lacks the scope chat:write",
  not_authed: "the Secret's token is empty",
  invalid_auth: "the token is wrong",
  token_revoked: "the token was revoked",
  token_expired: "the token has expired",
  account_inactive: "the bot or its workspace is gone",
};

export interface SlackWebApiOptions {
  readonly edge: HttpEdge;
  /** `https://slack.com/api`, or that of a Slack of one's own. */
  readonly url: string;
}

/** Slack's Web API (https://docs.slack.dev/apis/web-api), as far as telling needs it. */
export class SlackWebApi {
  readonly #options: SlackWebApiOptions;

  constructor(options: SlackWebApiOptions) {
    this.#options = options;
  }

  async call(method: "chat.postMessage" | "chat.update", token: string, body: object): Promise<SlackResult> {
    if (!/^[\x21-\x7e]+$/.test(token))
      return {
        kind: "not",
        word: "",
        attempt: { result: "refused", reason: "the Secret does not hold a token" },
      };
    const reply = await this.#options.edge.post({
      url: `${this.#options.url}/${method}`,
      isOwn: true,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json; charset=utf-8" },
      body,
    });
    if (reply.kind === "none") return { kind: "not", word: "", attempt: reply.attempt };
    const word = wordIn(reply.body, "error");
    const byStatus = attemptOf(reply, word);
    if (byStatus.result !== "sent") return { kind: "not", word, attempt: byStatus };
    const answer = parse(reply.body);
    if (answer !== null) return { kind: "ok", ...answer };
    if (PASSING.includes(word)) return { kind: "not", word, attempt: { result: "retry", reason: word } };
    const remedy = REMEDIES[word];
    const reason =
      word === "" ? "the answer is not Slack's" : `${word}${remedy === undefined ? "" : ` (${remedy})`}`;
    return { kind: "not", word, attempt: { result: "refused", reason } };
  }
}

/** Channel and time stamp, which name the message; null when it was not ok. */
function parse(body: string): { readonly channel: string; readonly ts: string } | null {
  try {
    const { ok, channel, ts } = JSON.parse(body) as { ok?: unknown; channel?: unknown; ts?: unknown };
    if (ok !== true || typeof channel !== "string" || typeof ts !== "string") return null;
    return { channel, ts };
  } catch {
    return null;
  }
}
