import { z } from "zod";
import { duration } from "./fields.ts";

const baselineSchema = z.strictObject({
  maxRatio: z
    .number()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      "How many times the primary's value is still acceptable. Default: 1.5 for success-rate, 2 for latency and own queries.",
    ),
  minDelta: z
    .number()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe(
      "A smaller absolute worsening is never a failure: percentage points for success-rate and latency (share of slow requests; default 0.1), the metric's own unit for own queries (default 0).",
    ),
});

export const metricSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "want lower-case letters, digits and '-'")
      .describe("`success-rate`, `latency`, or a name of your own for a metric with a `query`."),
    percentile: z
      .number()
      .gt(0)
      .lt(100)
      .optional()
      .describe("latency only: which percentile `max` limits. Default 99."),
    query: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .describe(
        "PromQL with one series as its result. {{ target }}, {{ namespace }}, {{ canary }}, {{ primary }}, {{ name }}, {{ service }} and {{ interval }} are replaced.",
      ),
    min: z
      .number()
      .optional()
      .describe("Lowest acceptable value: percent for success-rate, the metric's own unit for own queries."),
    max: z
      .union([z.number(), duration("a latency limit")])
      .optional()
      .describe("Highest acceptable value: a duration (`500ms`) for latency, a number for own queries.")
      .meta({ "x-kubernetes-preserve-unknown-fields": true }),
    baseline: baselineSchema
      .optional()
      .describe("Compare the canary with the primary in the same window. `{}` takes the defaults."),
    window: duration(
      "min and max are judged on the evidence of this much time. Default: 5m, for own queries 2m.",
    ).optional(),
    onFail: z
      .enum(["rollback", "pause", "warn"])
      .default("rollback")
      .describe("What a failure of this metric does; `warn` only reports it, as a trial of the metric."),
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "has(self.query) != (self.name in ['success-rate', 'latency'])",
        message: "a metric is either built in (success-rate, latency) or has a query",
      },
      { rule: "!has(self.percentile) || self.name == 'latency'", message: "percentile is for latency only" },
      {
        rule: "has(self.min) || has(self.max) || has(self.baseline)",
        message: "at least one of min, max and baseline is needed",
      },
      { rule: "self.name != 'latency' || !has(self.min)", message: "latency has no min" },
      { rule: "self.name != 'success-rate' || !has(self.max)", message: "success-rate has no max" },
      {
        rule: "self.name != 'success-rate' || !has(self.min) || (self.min >= 0.0 && self.min <= 100.0)",
        message: "min of success-rate is a percentage, 0 to 100",
      },
    ],
  });

export const analysisSchema = z.strictObject({
  interval: duration("How often evidence is gathered and judged; 1s to 10m.").default("15s"),
  warmup: duration(
    "Evidence this soon after the canary starts, or its weight rises, does not count on its own.",
  ).default("90s"),
  minRequests: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(100)
    .describe("Requests that the canary must have served in a step before the verdict can be pass."),
  alpha: z
    .number()
    .min(0.0001)
    .max(0.2)
    .default(0.01)
    .describe("Chance of rolling back a healthy release that a run may take, over all metrics and steps."),
  consecutiveErrors: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .describe("Intervals in a row in which the source of metrics may fail before the run pauses."),
  metrics: z
    .array(metricSchema)
    .min(1)
    .max(16)
    .default([
      { name: "success-rate", baseline: {}, onFail: "rollback" },
      { name: "latency", baseline: {}, onFail: "rollback" },
    ])
    .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] })
    .describe("What is judged. Default: success-rate and latency, each compared with the primary."),
  onInconclusive: z
    .enum(["pause", "rollback", "promote"])
    .default("pause")
    .describe("What to do when a step's evidence still does not suffice progressDeadline after its hold."),
});
