import type { Attempt } from "../../lib/delivery-queue.ts";
import type { Channel, Letter } from "../channel.ts";
import { attemptOf, type HttpEdge, wordIn } from "../http-edge.ts";
import { discordMessage } from "./embed.ts";

/** Discord, by a channel's webhook. */
export class DiscordChannel implements Channel {
  readonly name = "Discord";
  /** Five requests in two seconds for each webhook. */
  readonly spacingMs = 400;
  readonly #edge: HttpEdge;

  constructor(edge: HttpEdge) {
    this.#edge = edge;
  }

  async send(letter: Letter): Promise<Attempt> {
    const url = waiting(letter.secrets["url"] ?? "");
    const reply = await this.#edge.post({ url, body: discordMessage(letter) });
    if (reply.kind === "none") return reply.attempt;
    const code = wordIn(reply.body, "code");
    return attemptOf(reply, code === "" || code === "0" ? "" : `code ${code}`);
  }
}

/** Without `wait` Discord says yes to messages that it then throws away. */
function waiting(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  url.searchParams.set("wait", "true");
  return url.toString();
}
