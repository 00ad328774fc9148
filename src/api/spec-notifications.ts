import { z } from "zod";
import { objectName } from "./fields.ts";
import { SEVERITIES, TOLD_REASONS } from "./reasons.ts";

export const notificationSchema = z.strictObject({
  slack: z.strictObject({
    secretRef: z.strictObject({
      name: objectName("A Secret in the Rollout's namespace."),
      key: z
        .string()
        .min(1)
        .max(253)
        .default("url")
        .describe("The member of the Secret that holds the URL of an incoming webhook."),
    }),
  }),
  minSeverity: z.enum(SEVERITIES).default("info").describe("Transitions below this severity are not sent."),
  events: z
    .array(z.enum(TOLD_REASONS))
    .min(1)
    .max(32)
    .optional()
    .describe("Send only these transitions (docs/reference/events.md); absent: all."),
});
