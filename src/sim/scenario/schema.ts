import { z } from "zod";
import { PHASES } from "../../api/status.ts";
import type { Action } from "./action.ts";
import { ACTIONS } from "./actions.ts";
import { count, duration, lag, name, share, strict } from "./fields.ts";
import { imageSchema } from "./image-schema.ts";
import { commandOutcomes } from "./load-tester-schema.ts";
import { requestsMetSchema } from "./requests-met.ts";
import { trafficSchema } from "./traffic-schema.ts";
import { webhookAnswers } from "./webhook-schema.ts";

/** An action and when it happens, in milliseconds from the start. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly action: Action;
}

const members = Object.fromEntries(Object.entries(ACTIONS).map(([key, schema]) => [key, schema.optional()]));

const timelineEntry = strict({ at: duration("From the start."), ...members }).transform(
  (entry, context): TimelineEntry[] => {
    const { at, ...actions } = entry;
    const written = Object.values(actions).filter((action) => action !== undefined) as Action[];
    if (written.length === 0 && context.issues.length === 0) {
      const known = Object.keys(ACTIONS).join(", ");
      context.addIssue({ code: "custom", message: `nothing happens here; want one of ${known}` });
    }
    return written.map((action) => ({ atMs: at, action }));
  },
);

const manifest = z.union([z.string(), z.record(z.string(), z.unknown())], {
  error: "want the path of a YAML file, relative to this one",
});

const expectSchema = strict({
  phase: z.enum(PHASES, `want one of ${PHASES.join(", ")}`).optional(),
  reason: name(
    "A part of the outcome's reason or message, or of why it is paused; letters of either case.",
  ).optional(),
  within: duration("At most so long after the last action of the timeline.").optional(),
  promotedImage: name("An image of the primary at the end.").optional(),
  maxCanaryWeight: z
    .number()
    .min(0)
    .max(100)
    .describe("The canary's weight was never above this.")
    .optional(),
  minCanaryWeight: z.number().min(0).max(100).describe("The canary's weight has reached this.").optional(),
  canaryRequests: count("Live requests that canary pods got in all, at most.").optional(),
  canaryRequestsAfter: count("Live requests that canary pods got after the rollback, at most.").optional(),
  canaryRequestsAfterAbort: count("The same as canaryRequestsAfter.").optional(),
  userErrorRateBelow: share("Share of users' requests that failed is below this.").optional(),
  clientsMovedBack: count(
    "Clients (of traffic with clients) that the canary served and the primary next, during steps, at most.",
  ).optional(),
  requestsToUnready: count("Requests sent to pods that were gone or not ready, at most.").optional(),
  requestsUnserved: count(
    "Requests, mirrored ones too, that met no route, no such host or subset, or one without ready pods, at most.",
  ).optional(),
  requests: z
    .array(requestsMetSchema)
    .max(50)
    .describe("Where parts of the requests went during the run.")
    .optional(),
  webhookCalls: z
    .record(z.string(), z.int().min(0))
    .describe("By path of a webhook: it was called at least so often.")
    .optional(),
  events: z
    .preprocess((value) => (typeof value === "string" ? [value] : value), z.array(z.string().min(1)).max(100))
    .describe("Reasons of Kubernetes events about the Rollout, all of which were seen.")
    .optional(),
}).transform(({ canaryRequestsAfterAbort, canaryRequestsAfter, ...rest }) => ({
  ...rest,
  canaryRequestsAfter: canaryRequestsAfter ?? canaryRequestsAfterAbort,
}));

const settingsSchema = strict({
  seed: z.int().min(0).describe("Of everything that is drawn by chance.").optional(),
  scrapeInterval: duration("How often Prometheus scrapes. Default 5s.").optional(),
  end: duration("When the scenario is judged, however early its expectations are met.").optional(),
});

export const scenarioSchema = strict({
  name: name("What results are labelled with."),
  about: z.string().describe("What this shows, for people.").optional(),
  rollout: manifest.optional(),
  manifests: z
    .preprocess((value) => (typeof value === "string" ? [value] : value), z.array(manifest).max(100))
    .default([]),
  traffic: z
    .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(trafficSchema).max(100))
    .default([]),
  images: z.record(z.string(), imageSchema).default({}),
  webhooks: webhookAnswers.default({}),
  loadTester: strict({ commands: commandOutcomes.default({}) }).default({ commands: {} }),
  timeline: z
    .array(timelineEntry)
    .max(1_000)
    .transform((entries) => entries.flat().sort((a, b) => a.atMs - b.atMs))
    .default([]),
  meshDelay: lag.optional(),
  settings: settingsSchema.default({}),
  expect: expectSchema.default({ canaryRequestsAfter: undefined }),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type Expectations = Scenario["expect"];
