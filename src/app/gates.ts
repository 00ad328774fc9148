import { GateDesk } from "../controller/gate-desk.ts";
import { HttpWebhookTransport } from "../gate/webhook/http-transport.ts";
import { WebhookGate } from "../gate/webhook/webhook.ts";
import type { ControllerParts } from "./controller-parts.ts";

/** What asks webhooks; `wake` is told of answers. */
export function createGateDesk(
  { client, clock, config, webhookTransport }: ControllerParts,
  wake: (key: string, isUrgent: boolean) => void,
): GateDesk {
  const transport = webhookTransport ?? new HttpWebhookTransport({ allowLocal: config.localWebhooks });
  const gate = new WebhookGate({ client, clock, transport, httpsOnly: config.webhooksHttpsOnly });
  return new GateDesk({ clock, gate, wake });
}
