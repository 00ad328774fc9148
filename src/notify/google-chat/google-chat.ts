import { createHash } from "node:crypto";
import type { Attempt } from "../../lib/delivery-queue.ts";
import type { Channel, Letter } from "../channel.ts";
import { attemptOf, type HttpEdge, wordIn } from "../http-edge.ts";
import { googleChatMessage } from "./card.ts";

/** Google Chat, by a space's webhook. Thread and request are named after run and transition: nothing need be remembered. */
export class GoogleChatChannel implements Channel {
  readonly name = "Google Chat";
  /** One message a second and space (https://developers.google.com/workspace/chat/limits). */
  readonly spacingMs = 1_000;
  readonly #edge: HttpEdge;

  constructor(edge: HttpEdge) {
    this.#edge = edge;
  }

  async send(letter: Letter): Promise<Attempt> {
    const reply = await this.#edge.post({
      url: inThread(letter.secrets["url"] ?? "", letter),
      body: googleChatMessage(letter),
    });
    return reply.kind === "none" ? reply.attempt : attemptOf(reply, wordIn(reply.body, "error", "status"));
  }
}

function inThread(text: string, { subject, transition }: Letter): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  // A request that is repeated because its answer was lost makes no second message.
  const id = createHash("sha256").update(`${subject.uid}/${transition.id}`).digest("hex").slice(0, 32);
  url.searchParams.set("requestId", id);
  if (transition.run !== null)
    url.searchParams.set("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
  return url.toString();
}
