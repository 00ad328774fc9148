import type { z } from "zod";
import { parseDuration } from "../lib/duration.ts";
import { templateProblems } from "./query-template.ts";
import { type RolloutSpec, rolloutSpecSchema } from "./spec.ts";
import { gateProblems } from "./validate-gates.ts";
import { notificationProblems } from "./validate-notifications.ts";
import { strategyProblems } from "./validate-strategy.ts";
import { trafficProblems } from "./validate-traffic.ts";

/** One thing that is wrong: the field, its value and what is allowed, as one line. */
export interface SpecProblem {
  /** Path from the object's root: `spec.steps[1].weight`. */
  readonly field: string;
  readonly message: string;
}

export type SpecReading =
  | { readonly ok: true; readonly spec: RolloutSpec }
  | {
      readonly ok: false;
      readonly problems: readonly SpecProblem[];
      /** What goes on to serve until the spec is set right; null when not even that can be read. */
      readonly serving: RolloutSpec | null;
    };

/**
 * Reads a spec as the API server handed it over: the schema once more (the CRD in the cluster may be an older one),
 * then what no schema can say.
 */
export function readSpec(spec: unknown): SpecReading {
  const parsed = rolloutSpecSchema.safeParse(spec);
  const problems = parsed.success
    ? CHECKS.flatMap((check) => check(parsed.data))
    : parsed.error.issues.map((issue) => fromIssue(issue, spec));
  if (parsed.success && problems.length === 0) return { ok: true, spec: parsed.data };
  return { ok: false, problems, serving: readServing(spec) };
}

/**
 * What serving depends on; defaults stand for the rest. Null when this cannot be read either. Where what is said of routes
 * is refused, it is left at whose objects they are: enough to give all of them back.
 */
function readServing(spec: unknown): RolloutSpec | null {
  const { targetRef, service, traffic } = (spec ?? {}) as Readonly<Record<string, unknown>>;
  const whole = rolloutSpecSchema.safeParse({ targetRef, service, traffic });
  if (whole.success && trafficProblems(whole.data).length === 0) return whole.data;
  const { virtualServices, destinationRule } =
    (traffic as { readonly istio?: Readonly<Record<string, unknown>> } | undefined)?.istio ?? {};
  const bare = rolloutSpecSchema.safeParse({
    targetRef,
    service,
    traffic: { istio: { virtualServices, destinationRule } },
  });
  return bare.success ? bare.data : null;
}

type Check = (spec: RolloutSpec) => readonly SpecProblem[];

const CHECKS: readonly Check[] = [
  strategyProblems,
  metrics,
  durations,
  serviceNames,
  trafficProblems,
  gateProblems,
  notifications,
];
function metrics(spec: RolloutSpec): readonly SpecProblem[] {
  const seen = new Set<string>();
  return spec.analysis.metrics.flatMap((metric, index) => {
    const problems = metricProblems(metric).map((message) => ({
      field: `spec.analysis.metrics[${index}]`,
      message,
    }));
    if (seen.has(metric.name)) {
      problems.push({
        field: `spec.analysis.metrics[${index}].name`,
        message: `${metric.name} is there twice; names must differ`,
      });
    }
    seen.add(metric.name);
    return problems;
  });
}

const BUILT_IN = ["success-rate", "latency"];

function metricProblems(metric: RolloutSpec["analysis"]["metrics"][number]): readonly string[] {
  const problems: string[] = [];
  const isBuiltIn = BUILT_IN.includes(metric.name);
  if (isBuiltIn && metric.query !== undefined)
    problems.push(`${metric.name} is built in and takes no query; give the metric another name`);
  if (!isBuiltIn && metric.query === undefined) {
    problems.push(`${metric.name} is not built in (${BUILT_IN.join(", ")}), so it needs a query`);
  }
  if (metric.min === undefined && metric.max === undefined && metric.baseline === undefined) {
    problems.push(`${metric.name} has nothing to be held against; set min, max or baseline`);
  }
  if (metric.name === "latency" && metric.max !== undefined && typeof metric.max !== "string") {
    problems.push(`max of latency is ${metric.max}; want a duration such as 500ms`);
  }
  if (metric.name !== "latency" && typeof metric.max === "string") {
    problems.push(`max of ${metric.name} is "${metric.max}"; want a number`);
  }
  if (metric.min !== undefined && typeof metric.max === "number" && metric.min > metric.max) {
    problems.push(`min ${metric.min} is above max ${metric.max}`);
  }
  if (metric.query !== undefined) problems.push(...templateProblems(metric.query));
  return problems;
}

function notifications(spec: RolloutSpec): readonly SpecProblem[] {
  return notificationProblems(spec.notifications, "spec.notifications");
}

/** Fields whose durations have bounds: a pattern cannot say them. */
const DURATION_BOUNDS: readonly {
  readonly field: string;
  readonly of: (spec: RolloutSpec) => string | undefined;
  readonly least: string;
  readonly most: string;
}[] = [
  { field: "spec.analysis.interval", of: (spec) => spec.analysis.interval, least: "1s", most: "10m" },
  { field: "spec.analysis.warmup", of: (spec) => spec.analysis.warmup, least: "0s", most: "24h" },
  { field: "spec.progressDeadline", of: (spec) => spec.progressDeadline, least: "1s", most: "24h" },
  { field: "spec.shadow.duration", of: (spec) => spec.shadow?.duration, least: "1s", most: "168h" },
  {
    field: "spec.traffic.istio.sessionAffinity.maxAge",
    of: (spec) => spec.traffic.istio.sessionAffinity?.maxAge,
    least: "1s",
    most: "720h",
  },
  { field: "spec.ab.duration", of: (spec) => spec.ab?.duration, least: "1s", most: "720h" },
  { field: "spec.blueGreen.duration", of: (spec) => spec.blueGreen?.duration, least: "1s", most: "720h" },
  { field: "spec.ramp.every", of: (spec) => spec.ramp?.every, least: "0s", most: "168h" },
];

function durations(spec: RolloutSpec): readonly SpecProblem[] {
  return DURATION_BOUNDS.flatMap(({ field, of, least, most }) => {
    const text = of(spec);
    const ms = text === undefined ? null : parseDuration(text);
    if (ms === null || (ms >= (parseDuration(least) ?? 0) && ms <= (parseDuration(most) ?? 0))) return [];
    return [{ field, message: `${text} is out of bounds; want ${least} to ${most}` }];
  });
}

/** Service names are DNS labels: 63 characters with the longest suffix. */
function serviceNames(spec: RolloutSpec): readonly SpecProblem[] {
  const apex = spec.service.name ?? spec.targetRef.name;
  const field = spec.service.name === undefined ? "spec.targetRef.name" : "spec.service.name";
  if (apex.length > 63 - "-primary".length) {
    return [
      {
        field,
        message: `${apex} has ${apex.length} characters; at most 55, so that ${apex.slice(0, 12)}...-primary is a Service's name`,
      },
    ];
  }
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(apex)) {
    return [
      {
        field,
        message: `${apex} cannot name a Service (lower-case letters, digits and '-', a letter first); set spec.service.name`,
      },
    ];
  }
  return [];
}

function fromIssue(issue: z.core.$ZodIssue, spec: unknown): SpecProblem {
  const path = issue.path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("");
  const value = issue.path.reduce<unknown>(
    (at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part],
    spec,
  );
  const shown = value === undefined || typeof value === "object" ? "" : `${JSON.stringify(value)}: `;
  return { field: `spec${path}`, message: `${shown}${issue.message}` };
}
