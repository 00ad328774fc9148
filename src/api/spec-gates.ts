import { z } from "zod";
import { duration, objectName } from "./fields.ts";

/** Flagger's types, in the order of a release; `event` stands beside it. */
export const WEBHOOK_TYPES = [
  "confirm-rollout",
  "pre-rollout",
  "rollout",
  "confirm-traffic-increase",
  "confirm-promotion",
  "rollback",
  "post-rollout",
  "event",
] as const;

export type WebhookType = (typeof WEBHOOK_TYPES)[number];

const keyRef = (what: string) =>
  z.strictObject({
    name: objectName(`A ${what} in the Rollout's namespace.`),
    key: z.string().min(1).max(253).describe(`The member of the ${what}.`),
  });

const secretKeyRef = z.strictObject({ secretKeyRef: keyRef("Secret") });

const headerSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[-!#$%&'*+.^_`|~0-9A-Za-z]+$/, "want a header's name")
      .describe("Name of the header, such as Authorization."),
    value: z.string().max(4096).optional().describe("Its value, where that is no secret."),
    valueFrom: secretKeyRef.optional().describe("Where its value comes from."),
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "has(self.value) != has(self.valueFrom)",
        message: "exactly one of value and valueFrom must be set",
      },
    ],
  });

const tlsSchema = z.strictObject({
  ca: z
    .strictObject({
      configMapKeyRef: keyRef("ConfigMap").optional(),
      secretKeyRef: keyRef("Secret").optional(),
    })
    .optional()
    .describe(
      "Certificates (PEM) that the server's certificate is checked against, in place of the usual ones.",
    )
    .meta({
      "x-kubernetes-validations": [
        {
          rule: "has(self.configMapKeyRef) != has(self.secretKeyRef)",
          message: "exactly one of configMapKeyRef and secretKeyRef must be set",
        },
      ],
    }),
  insecureSkipVerify: z
    .boolean()
    .default(false)
    .describe("Do not check the server's certificate: anybody on the way can answer. Flagger's disableTLS."),
});

export const webhookSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(63)
    .regex(/^[^\p{C}]*$/u, "want a name without control characters")
    .describe("What events and the status call it."),
  type: z.enum(WEBHOOK_TYPES).default("rollout").describe("When it is called, and what its answer does."),
  url: z
    .string()
    .min(1)
    .max(2048)
    .regex(/^https?:\/\//, "want an http:// or https:// URL")
    .describe(
      "Where Flagger's payload is posted to. 200, 201, 202 and 204 mean yes; redirects are not followed.",
    ),
  timeout: duration("How long one attempt may take, 100ms to 1h.").default("10s"),
  retries: z
    .number()
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe("More attempts within one call when there is no answer, or 429 or 5xx."),
  interval: duration("How often it is asked, 1s to 1h. Default: analysis.interval.").optional(),
  threshold: z
    .number()
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe(
      "pre-rollout and rollout: so many refusals in a row roll back. Default: 1 for pre-rollout, 3 for rollout.",
    ),
  maxWait: duration(
    "How long the run waits for a yes, 1s to 744h. Default: 24h for confirm-rollout, confirm-traffic-increase and confirm-promotion, else progressDeadline.",
  ).optional(),
  onTimeout: z.enum(["pause", "rollback"]).default("pause").describe("What to do when maxWait is over."),
  muteAlert: z.boolean().default(false).describe("Waiting for it makes events, but no notifications."),
  metadata: z
    .record(z.string().max(253), z.string().max(16_384))
    .optional()
    .describe("Sent with the payload."),
  headers: z.array(headerSchema).max(16).optional().describe("Headers to send."),
  signature: secretKeyRef
    .optional()
    .describe("Key of the HMAC-SHA256 in the header X-Sluice-Signature-256, over the body as sent."),
  tls: tlsSchema.optional().describe("How the server of an https:// URL is known."),
});

export const webhooksSchema = z
  .array(webhookSchema)
  .max(32)
  .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] });

const cron = (description: string) => z.string().min(9).max(256).describe(description);

const windowSchema = z
  .strictObject({
    deny: cron(
      "When a window begins in which no weight rises: minute, hour, day, month, weekday.",
    ).optional(),
    allow: cron(
      "When a window begins outside of which no weight rises. With several, any of them suffices.",
    ).optional(),
    for: duration("How long a window lasts, 1m to 744h."),
    timeZone: z.string().min(1).max(64).default("UTC").describe("Of the times, as Europe/Paris."),
    runsUnderWay: z
      .enum(["hold", "continue"])
      .default("hold")
      .describe(
        "What a run does that has begun before: stay at its weight, or go on. Failures always roll back.",
      ),
  })
  .meta({
    "x-kubernetes-validations": [
      { rule: "has(self.deny) != has(self.allow)", message: "exactly one of deny and allow must be set" },
    ],
  });

export const scheduleSchema = z.array(windowSchema).max(16);

export type WebhookSpec = z.output<typeof webhookSchema>;
export type WindowSpec = z.output<typeof windowSchema>;
