import { z } from "zod";
import { duration, textMap } from "./fields.ts";
import { stringMatch } from "./http-match.ts";

/** Members of an Istio HTTPRoute, under Istio's own names and in its shape. */

const headerMap = textMap({ keys: 256, values: 4096, entries: 64 });

const headerOperations = z.strictObject({
  set: headerMap.optional().describe("Headers to overwrite."),
  add: headerMap.optional().describe("Headers to append."),
  remove: z.array(z.string().max(256)).max(64).optional().describe("Headers to remove."),
});

export const headers = z.strictObject({
  request: headerOperations.optional(),
  response: headerOperations.optional(),
});

export const corsPolicy = z.strictObject({
  allowOrigins: z.array(stringMatch).max(64).optional(),
  allowMethods: z.array(z.string().max(32)).max(16).optional(),
  allowHeaders: z.array(z.string().max(256)).max(64).optional(),
  exposeHeaders: z.array(z.string().max(256)).max(64).optional(),
  maxAge: duration("How long a browser may keep the answer to a preflight request.").optional(),
  allowCredentials: z.boolean().optional(),
  unmatchedPreflights: z.enum(["UNSPECIFIED", "FORWARD", "IGNORE"]).optional(),
});

export const retries = z.strictObject({
  attempts: z
    .number()
    .int()
    .min(0)
    .max(100)
    .describe("How often a failed request is tried again. 0 switches retries off."),
  perTryTimeout: duration("Timeout of each try.").optional(),
  retryOn: z.string().max(512).optional().describe("Envoy's retry conditions, separated by commas."),
  retryRemoteLocalities: z.boolean().optional(),
  retryIgnorePreviousHosts: z.boolean().optional(),
  backoff: duration("The least time between two tries.").optional(),
});

const onlyOneRewrite = "rewrite.uri and rewrite.uriRegexRewrite exclude each other";

export const rewrite = z
  .strictObject({
    uri: z.string().min(1).max(1024).optional().describe("Replaces the path, or the prefix that matched."),
    authority: z.string().min(1).max(253).optional().describe("Replaces the Host header."),
    uriRegexRewrite: z
      .strictObject({ match: z.string().min(1).max(1024), rewrite: z.string().max(1024) })
      .optional()
      .describe("Replaces what an RE2 pattern matches in the path."),
  })
  .refine(({ uri, uriRegexRewrite }) => uri === undefined || uriRegexRewrite === undefined, onlyOneRewrite)
  .meta({
    "x-kubernetes-validations": [
      { rule: "!has(self.uri) || !has(self.uriRegexRewrite)", message: onlyOneRewrite },
    ],
  });

const percentage = z.strictObject({ value: z.number().min(0).max(100).describe("Share of requests.") });

/** Both sides get it alike. */
export const fault = z.strictObject({
  delay: z
    .strictObject({
      fixedDelay: duration("How long requests are held back."),
      percentage: percentage.optional(),
    })
    .optional(),
  abort: z
    .strictObject({
      httpStatus: z.number().int().min(200).max(599).describe("The answer in place of the service's."),
      percentage: percentage.optional(),
    })
    .optional(),
});
