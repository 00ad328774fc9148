import type { Attempt } from "../../lib/delivery-queue.ts";
import type { Channel, Letter } from "../channel.ts";
import { attemptOf, type HttpEdge, wordIn } from "../http-edge.ts";
import { teamsMessage } from "./card.ts";

/** Microsoft Teams, by a workflow "Post to a channel when a webhook request is received". */
export class TeamsChannel implements Channel {
  readonly name = "Microsoft Teams";
  /** Four requests a second (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors). */
  readonly spacingMs = 250;
  readonly #edge: HttpEdge;

  constructor(edge: HttpEdge) {
    this.#edge = edge;
  }

  async send(letter: Letter): Promise<Attempt> {
    const reply = await this.#edge.post({ url: letter.secrets["url"] ?? "", body: teamsMessage(letter) });
    return reply.kind === "none" ? reply.attempt : attemptOf(reply, wordIn(reply.body, "error", "code"));
  }
}
