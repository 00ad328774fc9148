import { WebhookChannel } from "../../src/notify/webhook/webhook.ts";
import { stringsIn } from "../support/notifier-world.ts";
import { notifierContract } from "./notifier.contract.ts";

notifierContract(WebhookChannel.name, {
  spec: { webhook: { secretRef: { name: "receiver" } } },
  textOf: ({ body }) => stringsIn(body),
  yes: () => ({ status: 204 }),
  maxBytes: 64_000,
  // JSON has no markup: whoever shows these texts has to escape them.
  mustNotContain: [],
});
