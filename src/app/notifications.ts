import type { EventSink } from "../controller/pass.ts";
import { SecretValues } from "../kube/secret-values.ts";
import { DiscordChannel } from "../notify/discord/discord.ts";
import { Dispatcher, type DispatcherOptions } from "../notify/dispatcher.ts";
import { GoogleChatChannel } from "../notify/google-chat/google-chat.ts";
import { HttpEdge } from "../notify/http-edge.ts";
import { SlackChannel } from "../notify/slack/slack.ts";
import { TeamsChannel } from "../notify/teams/teams.ts";
import { WebhookChannel } from "../notify/webhook/webhook.ts";
import { addressGuard } from "./address-guard.ts";
import type { ControllerParts } from "./controller-parts.ts";
import { undeliveredTo } from "./events.ts";
import { deliverySink } from "./own-metrics/observers.ts";

const TIMEOUT_MS = 10_000;
/** A Secret that was changed is noticed this much later; at once when the receiver refused the old one. */
const SECRET_KEEP_MS = 60_000;

type Hooks = Pick<DispatcherOptions, "onThread"> & {
  readonly events: EventSink;
};

/** Everybody who can be told, put together. */
export function createNotifier(parts: ControllerParts, { events, ...hooks }: Hooks): Dispatcher {
  const { config, client, clock, random, logger, namespace, metrics, receiverAdapter: adapter } = parts;
  const edge = new HttpEdge({
    clock,
    timeoutMs: TIMEOUT_MS,
    allowHttp: config.insecureWebhooks,
    guard: addressGuard(config),
    adapter,
  });
  return new Dispatcher({
    channels: {
      slack: new SlackChannel(edge, config.slackApi),
      teams: new TeamsChannel(edge),
      discord: new DiscordChannel(edge),
      googleChat: new GoogleChatChannel(edge),
      webhook: new WebhookChannel(edge),
    },
    secrets: new SecretValues({ client, clock, timeoutMs: TIMEOUT_MS, keepMs: SECRET_KEEP_MS }),
    clock,
    random,
    logger,
    defaults: { list: config.notifications, namespace },
    cluster: config.clusterName,
    dashboardUrl: config.dashboardUrl,
    onProblem: undeliveredTo(events),
    onOutcome: deliverySink(metrics.own.notifications),
    ...hooks,
  });
}
