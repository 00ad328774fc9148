import { z } from "zod";
import { duration, objectName, percent } from "./fields.ts";
import { httpMatches } from "./http-match.ts";
import { PREFLIGHT_NAMES } from "./preflight.ts";
import { analysisSchema, type metricSchema } from "./spec-analysis.ts";
import { scheduleSchema, webhooksSchema } from "./spec-gates.ts";
import type { istioSchema } from "./spec-istio.ts";
import { notificationSchema } from "./spec-notifications.ts";
import { serviceSchema, shadowSchema, trafficSchema } from "./spec-traffic.ts";

const preflightSchema = z.strictObject({
  ignore: z
    .array(z.enum(PREFLIGHT_NAMES))
    .max(PREFLIGHT_NAMES.length)
    .default([])
    .describe("Checks that are not made (docs/reference/preflight.md); read live, as suspend is."),
});

const approval = z
  .enum(["required"])
  .optional()
  .describe("`required`: a person must approve before the rollout leaves this step (sluice.dev/approve).");

const stepSchema = z.strictObject({
  weight: percent("Percentage of requests that the canary gets."),
  hold: duration("The least time to stay at this weight.").default("1m"),
  approval,
});

const rampSchema = z.strictObject({
  by: percent("Percentage points by which the weight rises each time."),
  to: percent("The last weight before promotion.").default(50),
  every: duration("The least time at each weight."),
  approval: approval.describe("`required`: a person must approve the promotion (sluice.dev/approve)."),
});

const abSchema = z.strictObject({
  match: httpMatches
    .min(1)
    .describe("Requests that reach the canary while the test runs; all others reach the primary."),
  duration: duration("The least time to compare the two sides, 1s to 720h; then the canary is promoted."),
  approval: approval.describe("`required`: a person must approve the promotion (sluice.dev/approve)."),
});

const blueGreenSchema = z.strictObject({
  previewMatch: httpMatches
    .min(1)
    .describe("Requests that reach the new revision while it is checked; all others reach the primary."),
  duration: duration("The least time to check, 1s to 720h; then all requests are switched at once."),
  approval: approval.describe("`required`: a person must approve the switch (sluice.dev/approve)."),
});

/** In CEL. */
function apexName(of: "self" | "oldSelf"): string {
  return `(has(${of}.service.name) ? ${of}.service.name : ${of}.targetRef.name)`;
}

/** The single source of the kind: types, defaults, validation messages, the CRD and docs/reference come from it. */
export const rolloutSpecSchema = z
  .strictObject({
    targetRef: z
      .strictObject({
        apiVersion: z.enum(["apps/v1"]).default("apps/v1"),
        kind: z.enum(["Deployment"]).default("Deployment"),
        name: objectName("Name of the Deployment, in the Rollout's namespace."),
      })
      .describe("The workload to release. Sluice serves from a copy of it, `<name>-primary`."),
    service: serviceSchema.describe("The Services `<name>`, `<name>-primary` and `<name>-canary`."),
    traffic: trafficSchema.describe("How traffic is moved."),
    shadow: shadowSchema.optional().describe("Mirror live requests to the canary before anything else."),
    steps: z.array(stepSchema).min(1).max(50).optional().describe("Weights in rising order."),
    ramp: rampSchema.optional().describe("Weights at equal distances, in place of `steps`."),
    ab: abSchema
      .optional()
      .describe(
        "A/B test, in place of `steps`: who reaches the canary is told by what is asked, not by weight.",
      ),
    blueGreen: blueGreenSchema
      .optional()
      .describe("Blue/green, in place of `steps`: a preview by match, then all requests at once."),
    analysis: analysisSchema.prefault({}).describe("How the canary is judged."),
    progressDeadline: duration(
      "How long to wait for pods to become ready, and after a step's hold for enough evidence.",
    ).default("10m"),
    preflight: preflightSchema.prefault({}).describe("What is looked at before a run touches traffic."),
    suspend: z
      .boolean()
      .default(false)
      .describe("No run starts, and a running one stays where it is; failures still roll back."),
    skipAnalysis: z
      .boolean()
      .default(false)
      .describe("Promote new revisions as soon as their pods are ready, without steps."),
    schedule: scheduleSchema
      .default([])
      .describe(
        "Windows of time in which runs do not start and weights do not rise; read live, as suspend is.",
      ),
    webhooks: webhooksSchema.default([]).describe("Gates: whom to ask on the way, and whom to call."),
    notifications: z.array(notificationSchema).max(16).default([]).describe("Whom to tell."),
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "[has(self.steps), has(self.ramp), has(self.ab), has(self.blueGreen)].filter(x, x).size() == 1",
        message: "exactly one of steps, ramp, ab and blueGreen must be set",
      },
      {
        rule: "!(has(self.ab) || has(self.blueGreen)) || !has(self.traffic.istio.sessionAffinity)",
        message: "sessionAffinity assigns clients by weight, which ab and blueGreen have none of",
      },
      {
        rule: "!has(self.steps) || (self.steps.map(s, s.weight).isSorted() && self.steps.all(s, self.steps.exists_one(t, t.weight == s.weight)))",
        message: "weights must rise from step to step",
      },
      {
        rule: "!has(self.ramp) || self.ramp.by <= self.ramp.to",
        message: "ramp.by must not be above ramp.to",
      },
      {
        rule: "self.targetRef.name == oldSelf.targetRef.name",
        message: "targetRef is immutable: make a new Rollout for another target",
      },
      {
        rule: `${apexName("self")} == ${apexName("oldSelf")}`,
        message: "service.name is immutable: make a new Rollout for another host",
      },
    ],
  });

export type RolloutSpec = z.output<typeof rolloutSpecSchema>;
export type MetricSpec = z.output<typeof metricSchema>;
export type AnalysisSpec = z.output<typeof analysisSchema>;
export type IstioSpec = z.output<typeof istioSchema>;
