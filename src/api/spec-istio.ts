import { z } from "zod";
import { duration, objectName } from "./fields.ts";
import { httpMatches } from "./http-match.ts";
import { corsPolicy, fault, headers, retries, rewrite } from "./spec-istio-route.ts";

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
    .regex(/^\/[^;,%\s]*$/, "want a path that begins with '/', without ';', ',', '%' and spaces")
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
  sameSite: z
    .enum(["Strict", "Lax", "None"])
    .default("Lax")
    .describe("SameSite of the cookie; None needs secure."),
});

const hostList = z.array(z.string().min(1).max(253)).max(32);

const ownVirtualService = z.strictObject({
  name: objectName("Name of a VirtualService in the Rollout's namespace."),
  routes: z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(32)
    .optional()
    .describe(
      "Names of the http routes that are to be split. Absent: those that send to both sides, or the only one that sends to the primary. tls and tcp routes have no names: each that sends to the primary is split.",
    ),
});

const destinationRule = z
  .strictObject({
    name: objectName("Name of a DestinationRule in the Rollout's namespace; its host is the apex Service."),
    primarySubset: z.string().min(1).max(63).describe("The subset of the primary; its labels are managed."),
    canarySubset: z.string().min(1).max(63).describe("The subset of the canary; its labels are managed."),
  })
  .refine(
    ({ primarySubset, canarySubset }) => primarySubset !== canarySubset,
    "primarySubset and canarySubset must differ",
  )
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "self.primarySubset != self.canarySubset",
        message: "primarySubset and canarySubset must differ",
      },
      { rule: "self == oldSelf", message: "destinationRule is immutable: make a new Rollout" },
    ],
  });

/** Members that say what a generated VirtualService is to be. */
export const OF_GENERATED = [
  "hosts",
  "gateways",
  "exportTo",
  "delegation",
  "match",
  "rewrite",
  "retries",
  "timeout",
  "fault",
  "headers",
  "corsPolicy",
] as const;

const isSet = (name: string): string =>
  ["hosts", "gateways"].includes(name)
    ? `(has(self.${name}) && size(self.${name}) > 0)`
    : `has(self.${name})`;

const ownOnly = `with virtualServices these belong into the VirtualServices: ${OF_GENERATED.join(", ")}`;

export const istioSchema = z
  .strictObject({
    virtualServices: z
      .array(ownVirtualService)
      .min(1)
      .max(16)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
      .optional()
      .describe(
        "Keep these VirtualServices in place of a generated one: only weights (and mirror) of routes to the two sides are changed, and given back after a run.",
      ),
    hosts: hostList
      .default([])
      .describe("Hosts of the VirtualService, beside the apex Service's own name, which is always one."),
    gateways: hostList
      .default([])
      .describe(
        "Gateways of the VirtualService, as [namespace/]name. `mesh` is always one of them, since the apex Service is always a host.",
      ),
    exportTo: hostList
      .optional()
      .describe("Namespaces that see the VirtualService and the DestinationRules: `.`, `*`, or names."),
    delegation: z
      .boolean()
      .optional()
      .describe(
        "The VirtualService has no hosts and gateways of its own: a VirtualService of yours delegates routes to it.",
      ),
    match: httpMatches.optional().describe("Conditions of the weighted route; absent, every request."),
    rewrite: rewrite.optional().describe("What the weighted route changes of path and host."),
    retries: retries.optional().describe("Retries of the weighted route."),
    timeout: duration("Timeout of a request, retries included.").optional(),
    fault: fault
      .optional()
      .describe("Delays and errors that the weighted route injects, on both sides alike."),
    headers: headers.optional().describe("Header changes on the weighted route."),
    corsPolicy: corsPolicy.optional().describe("CORS policy of the weighted route."),
    canaryMatch: httpMatches
      .optional()
      .describe(
        "Requests that always reach the canary during a run, at weight 0 too, as soon as its pods are ready: testers, internal users.",
      ),
    primaryMatch: httpMatches
      .optional()
      .describe(
        "Requests that never reach a canary on trial: they get a revision when it is promoted, after all others. They come before canaryMatch.",
      ),
    sessionAffinity: sessionAffinity
      .optional()
      .describe(
        "Keeps clients on the side that they were assigned first, by a cookie that is valid for one run; new clients are assigned by weight.",
      ),
    destinationRule: destinationRule
      .optional()
      .describe(
        "Tell the sides apart by subsets of this DestinationRule, in place of two Services. The apex Service must select the pods of both.",
      ),
    trafficPolicy: z
      .record(z.string(), z.unknown())
      .meta({ "x-kubernetes-preserve-unknown-fields": true })
      .optional()
      .describe("trafficPolicy of both DestinationRules, as Istio defines it."),
  })
  .meta({
    "x-kubernetes-validations": [
      { rule: `!has(self.virtualServices) || !(${OF_GENERATED.map(isSet).join(" || ")})`, message: ownOnly },
      {
        rule: "!has(self.destinationRule) || !has(self.trafficPolicy)",
        message: "with destinationRule, trafficPolicy belongs into the DestinationRule",
      },
      {
        rule: "has(self.destinationRule) == has(oldSelf.destinationRule)",
        message: "destinationRule cannot come or go later: make a new Rollout",
      },
    ],
  });
