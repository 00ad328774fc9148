import type { Attempt } from "../../lib/delivery-queue.ts";
import type { Channel, Delivery, Letter } from "../channel.ts";
import { attemptOf, type HttpEdge } from "../http-edge.ts";
import { slackMessage } from "./message.ts";
import { tellInThread } from "./thread.ts";
import { SlackWebApi } from "./web-api.ts";

/**
 * Slack, by an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks): one message
 * a transition; or by a bot token: one thread a run.
 */
export class SlackChannel implements Channel {
  readonly name = "Slack";
  /** One message a second and channel (https://docs.slack.dev/apis/web-api/rate-limits). */
  readonly spacingMs = 1_000;
  readonly #edge: HttpEdge;
  readonly #api: SlackWebApi;

  constructor(edge: HttpEdge, apiUrl: string) {
    this.#edge = edge;
    this.#api = new SlackWebApi({ edge, url: apiUrl });
  }

  send(letter: Letter): Promise<Delivery> {
    const { url } = letter.secrets;
    return url === undefined ? tellInThread(this.#api, letter) : this.#post(url, letter);
  }

  async #post(url: string, letter: Letter): Promise<Attempt> {
    const reply = await this.#edge.post({ url, body: slackMessage(letter) });
    return reply.kind === "none" ? reply.attempt : attemptOf(reply, slackWord(reply.body));
  }
}

/** Slack explains itself in one word (`no_service`, `channel_is_archived`); anything else is not quoted. */
function slackWord(body: string): string {
  return /^[a-z]+(_[a-z]+)*$/.test(body) && body.length <= 40 ? body : "";
}
