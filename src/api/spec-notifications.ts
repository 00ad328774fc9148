import { z } from "zod";
import { objectName } from "./fields.ts";
import { SEVERITIES, TOLD_REASONS } from "./reasons.ts";

/** A member of a Secret in the Rollout's namespace; for the controller's own list, in the controller's. */
function secretKey<const K extends string>(key: K, what: string) {
  return z.strictObject({
    name: objectName("A Secret in the Rollout's namespace."),
    key: z.string().min(1).max(253).default(key).describe(`The member of the Secret that holds ${what}.`),
  });
}

const slackSchema = z
  .strictObject({
    secretRef: secretKey("url", "the URL of an incoming webhook").optional(),
    tokenRef: secretKey("token", "a bot token with the scope chat:write").optional(),
    channel: z
      .string()
      .min(2)
      .max(82)
      .regex(/^(#[^\s#<>&]+|[CGD][A-Z0-9]+)$/, "want #name or a channel's ID")
      .optional()
      .describe(
        "With tokenRef: `#name` or ID of the channel. Each run is one thread there, its head kept up to date.",
      ),
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "has(self.secretRef) != has(self.tokenRef)",
        message: "exactly one of secretRef and tokenRef must be set",
      },
      {
        rule: "has(self.tokenRef) == has(self.channel)",
        message: "tokenRef and channel go together",
      },
    ],
  });

const webhookSchema = z.strictObject({
  secretRef: secretKey("url", "the URL that CloudEvents are posted to"),
  signatureRef: secretKey("signature", "the key of the HMAC-SHA256 in the header X-Sluice-Signature-256")
    .optional()
    .describe("Sign requests."),
  authorizationRef: secretKey("authorization", "the header Authorization in full, as `Bearer ...`")
    .optional()
    .describe("Send a header Authorization."),
});

const urlIn = (what: string) => z.strictObject({ secretRef: secretKey("url", what) });

const template = (what: string, most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .optional()
    .describe(
      `${what} in place of Sluice's, in the receiver's own markup. \`{{ title }}\` and others stand for values, which are escaped (docs/guides/notifications.md).`,
    );

const RECEIVERS = {
  slack: slackSchema.optional().describe("Slack: an incoming webhook, or a bot with a thread for each run."),
  teams: urlIn("the URL of a Teams workflow").optional().describe("Microsoft Teams, by a Workflows webhook."),
  discord: urlIn("the URL of a Discord webhook").optional().describe("Discord."),
  googleChat: urlIn("the URL of a Google Chat webhook")
    .optional()
    .describe("Google Chat; each run is one thread."),
  webhook: webhookSchema.optional().describe("CloudEvents 1.0 as JSON, to a server of your own."),
};

export const RECEIVER_KINDS = Object.keys(RECEIVERS) as readonly (keyof typeof RECEIVERS)[];

export type ReceiverKind = keyof typeof RECEIVERS;

export const notificationSchema = z
  .strictObject({
    ...RECEIVERS,
    minSeverity: z.enum(SEVERITIES).default("info").describe("Transitions below this severity are not sent."),
    events: z
      .array(z.enum(TOLD_REASONS))
      .min(1)
      .max(32)
      .optional()
      .describe("Send only these transitions (docs/reference/events.md); absent: all."),
    title: template("The title", 300),
    text: template("The text", 3_000),
    chart: z
      .boolean()
      .default(true)
      .describe("Show how the canary did beside the primary, where there is evidence."),
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: `[${RECEIVER_KINDS.map((kind) => `has(self.${kind})`).join(", ")}].exists_one(it, it)`,
        message: `exactly one of ${RECEIVER_KINDS.join(", ")} must be set`,
      },
    ],
  });

/** One entry of the controller's own list, told of every Rollout. */
export const defaultNotificationSchema = notificationSchema.extend({
  onlyIfNone: z.boolean().default(false).describe("Only of Rollouts that name no receiver of their own."),
});

export type NotificationSpec = z.output<typeof notificationSchema>;
export type DefaultNotification = z.output<typeof defaultNotificationSchema>;
