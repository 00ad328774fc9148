import { webhookSchema } from "../../src/api/spec-gates.ts";
import type { WebhookTransport } from "../../src/gate/webhook/transport.ts";
import { WebhookGate } from "../../src/gate/webhook/webhook.ts";
import { VirtualClock } from "../../src/lib/virtual-clock.ts";
import { gateContract } from "./gate.contract.ts";

const STATUS = { agree: 200, refuse: 403 } as const;

gateContract("a webhook", () => {
  const clock = new VirtualClock();
  const received: string[] = [];
  let how: "agree" | "refuse" | "silent" | "away" = "agree";

  const transport: WebhookTransport = {
    post: async ({ body }, signal) => {
      if (how === "away") throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
      received.push(body);
      if (how === "silent") {
        return new Promise<never>((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        );
      }
      return { status: STATUS[how], headers: {}, body: "because" };
    },
  };

  return {
    gate: new WebhookGate({ clock, client: null as never, transport, httpsOnly: false }),
    clock,
    behave: (next) => {
      how = next;
    },
    hook: (more = {}) => webhookSchema.parse({ name: "qa", url: "http://qa.test/", ...more }),
    received: () => received,
  };
});
