import { createHmac } from "node:crypto";
import type { Attempt } from "../../lib/delivery-queue.ts";
import type { Channel, Letter } from "../channel.ts";
import { attemptOf, type HttpEdge } from "../http-edge.ts";
import { cloudEvent } from "./cloud-event.ts";

/** HMAC-SHA256 of the body in hexadecimal after `sha256=`: the header of gates as well. */
const SIGNATURE_HEADER = "x-sluice-signature-256";

/** A server of one's own, to which CloudEvents are posted. Any 2xx means taken. */
export class WebhookChannel implements Channel {
  readonly name = "The webhook";
  readonly spacingMs = 0;
  readonly #edge: HttpEdge;

  constructor(edge: HttpEdge) {
    this.#edge = edge;
  }

  async send(letter: Letter): Promise<Attempt> {
    const { url = "", signature, authorization } = letter.secrets;
    if (authorization !== undefined && !/^[\x20-\x7e]*$/.test(authorization))
      return { result: "refused", reason: "the Secret's authorization cannot be sent in a header" };
    const body = JSON.stringify(cloudEvent(letter));
    const reply = await this.#edge.post({
      url,
      body,
      headers: {
        "content-type": "application/cloudevents+json; charset=utf-8",
        ...(authorization === undefined ? {} : { authorization }),
        ...(signature === undefined ? {} : { [SIGNATURE_HEADER]: signatureOf(body, signature) }),
      },
    });
    return reply.kind === "none" ? reply.attempt : attemptOf(reply);
  }
}

function signatureOf(body: string, key: string): string {
  return `sha256=${createHmac("sha256", key).update(body).digest("hex")}`;
}
