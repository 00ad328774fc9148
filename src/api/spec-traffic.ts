import { z } from "zod";
import { duration, percent } from "./fields.ts";
import { httpMatches, stringMatch } from "./http-match.ts";

const headerMap = z.record(z.string().max(256), z.string().max(4096));

const headerOperations = z.strictObject({
  set: headerMap.optional().describe("Headers to overwrite."),
  add: headerMap.optional().describe("Headers to append."),
  remove: z.array(z.string().max(256)).max(64).optional().describe("Headers to remove."),
});

const corsPolicy = z.strictObject({
  allowOrigins: z.array(stringMatch).max(64).optional(),
  allowMethods: z.array(z.string().max(32)).max(16).optional(),
  allowHeaders: z.array(z.string().max(256)).max(64).optional(),
  exposeHeaders: z.array(z.string().max(256)).max(64).optional(),
  maxAge: duration("How long a browser may keep the answer to a preflight request.").optional(),
  allowCredentials: z.boolean().optional(),
});

const retries = z.strictObject({
  attempts: z
    .number()
    .int()
    .min(0)
    .max(100)
    .describe("How often a failed request is tried again. 0 switches retries off."),
  perTryTimeout: duration("Timeout of each try.").optional(),
  retryOn: z.string().max(512).optional().describe("Envoy's retry conditions, separated by commas."),
  retryRemoteLocalities: z.boolean().optional(),
});

const sessionAffinity = z.strictObject({
  cookieName: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9_-]+$/, "want letters, digits, '_' and '-'")
    .default("sluice-side")
    .describe("Name of the cookie."),
  maxAge: duration("How long a client stays assigned; 1s to 720h.").default("24h"),
  path: z
    .string()
    .max(256)
    .regex(/^\/[^;,\s]*$/, "want a path that begins with '/', without ';', ',' and spaces")
    .default("/")
    .describe("Path of the cookie."),
  domain: z
    .string()
    .max(253)
    .regex(/^[A-Za-z0-9.-]+$/, "want a domain name")
    .optional()
    .describe("Domain of the cookie; absent, the host that was asked."),
  secure: z.boolean().default(false).describe("Whether clients send the cookie over TLS only."),
  httpOnly: z.boolean().default(true).describe("Whether scripts in the page cannot read the cookie."),
  sameSite: z.enum(["Strict", "Lax", "None"]).default("Lax").describe("SameSite of the cookie."),
});

export const istioSchema = z.strictObject({
  hosts: z
    .array(z.string().min(1).max(253))
    .max(32)
    .default([])
    .describe("Hosts of the VirtualService, beside the apex Service's own name, which is always one."),
  gateways: z
    .array(z.string().min(1).max(253))
    .max(32)
    .default([])
    .describe(
      "Gateways of the VirtualService, as [namespace/]name. `mesh` is always one of them, since the apex Service is always a host.",
    ),
  match: httpMatches.optional().describe("Conditions of the weighted route; absent, every request."),
  canaryMatch: httpMatches
    .optional()
    .describe(
      "Requests that always reach the canary during a run, at weight 0 too, as soon as its pods are ready: testers, internal users.",
    ),
  primaryMatch: httpMatches
    .optional()
    .describe("Requests that never reach a canary. They come before canaryMatch."),
  sessionAffinity: sessionAffinity
    .optional()
    .describe(
      "Keeps clients on the side that they were assigned first, by a cookie that is valid for one run; new clients are assigned by weight.",
    ),
  retries: retries.optional().describe("Retries of the weighted route."),
  timeout: duration("Timeout of a request, retries included.").optional(),
  headers: z
    .strictObject({ request: headerOperations.optional(), response: headerOperations.optional() })
    .optional()
    .describe("Header changes on the weighted route."),
  corsPolicy: corsPolicy.optional().describe("CORS policy of the weighted route."),
  trafficPolicy: z
    .record(z.string(), z.unknown())
    .meta({ "x-kubernetes-preserve-unknown-fields": true })
    .optional()
    .describe("trafficPolicy of both DestinationRules, as Istio defines it."),
});

export const trafficSchema = z.strictObject({
  istio: istioSchema.describe("Istio: a generated VirtualService and DestinationRules."),
});

export const shadowSchema = z.strictObject({
  percent: percent("Share of requests that is mirrored to the canary.").default(100),
  duration: duration("How long to mirror before the first weight."),
});

export const serviceSchema = z.strictObject({
  name: z
    .string()
    .max(63)
    .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/, "want a DNS label: lower-case letters, digits and '-'")
    .optional()
    .describe("Name of the apex Service. Default: the target's name."),
  port: z.number().int().min(1).max(65535).describe("Port of the Services."),
  targetPort: z
    .union([z.number().int().min(1).max(65535), z.string().min(1).max(15)])
    .optional()
    .describe(
      "Container port, by number or name. Default: what an existing apex Service has for `port`, else the same number.",
    ),
  portName: z
    .string()
    .max(15)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "want lower-case letters, digits and '-'")
    .default("http")
    .describe(
      "Name of the port. Istio reads the protocol from it: `http`, `http2`, `grpc`, or one of these and a suffix.",
    ),
  appProtocol: z.string().max(63).optional().describe("appProtocol of the port."),
});
