import { z } from "zod";
import type { WebhookAnswer } from "../webhooks.ts";
import type { Action } from "./action.ts";
import { duration, strict } from "./fields.ts";

const WANT_ANSWER = "want a status such as 403, hang, or an object with status, body, delay, hang";

const answer = z
  .preprocess(
    (value) => {
      if (typeof value === "number") return { status: value };
      return value === "hang" ? { hang: true } : value;
    },
    strict(
      {
        status: z.int(WANT_ANSWER).min(200).max(599).default(200).describe("200, 201, 202 and 204 mean yes."),
        body: z.string().max(10_000).default(""),
        delay: duration("How late the answer comes.").default(0),
        hang: z.boolean().default(false).describe("It never answers."),
      },
      WANT_ANSWER,
    ),
  )
  .transform(
    ({ status, body, delay, hang }): WebhookAnswer => ({ status, body, delayMs: delay, hangs: hang }),
  );

/** By the path of a webhook's URL: `/gate/check: 403`. */
export const webhookAnswers = z.record(
  z.string().regex(/^\//, "want the path of a URL, such as /gate/check"),
  answer,
);

export const webhook = webhookAnswers.transform((answers): Action => ({ kind: "webhook", answers }));
