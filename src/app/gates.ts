import { GateDesk, type GateDeskOptions } from "../controller/gate-desk.ts";
import type { EventSink } from "../controller/pass.ts";
import { EventHooks } from "../gate/webhook/event-hooks.ts";
import { HttpWebhookTransport } from "../gate/webhook/http-transport.ts";
import { WebhookGate } from "../gate/webhook/webhook.ts";
import { addressGuard } from "./address-guard.ts";
import type { ControllerParts } from "./controller-parts.ts";
import { undeliveredTo } from "./events.ts";
import { gateObserver } from "./own-metrics/observers.ts";

export interface Gates {
  /** Asks webhooks beside the passes. */
  readonly desk: GateDesk;
  /** Where events go: to `events`, and to webhooks of type `event`. */
  readonly events: EventSink;
  readonly hooks: EventHooks;
}

/** All that speaks to the webhooks of Rollouts. */
export function createGates(
  parts: ControllerParts,
  events: EventSink,
  { wake, trace }: Pick<GateDeskOptions, "wake" | "trace">,
): Gates {
  const { client, clock, config, random, logger, metrics, webhookTransport } = parts;
  const transport = webhookTransport ?? new HttpWebhookTransport({ guard: addressGuard(config) });
  const gate = new WebhookGate({ client, clock, transport, httpsOnly: config.webhooksHttpsOnly });
  const hooks = new EventHooks({
    clock,
    random,
    logger,
    gate,
    onProblem: undeliveredTo(events),
  });
  return {
    desk: new GateDesk({ clock, gate, wake, trace, observer: gateObserver(metrics.own.gates) }),
    events: {
      post: (rollout, event) => {
        events.post(rollout, event);
        hooks.post(rollout, event);
      },
    },
    hooks,
  };
}
