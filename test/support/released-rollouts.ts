import type { Rollout } from "../../src/api/rollout.ts";
import { rolloutSpecSchema } from "../../src/api/spec.ts";
import { webhooksSchema } from "../../src/api/spec-gates.ts";
import type { HistoryEntry, RolloutStatus, RunStatus } from "../../src/api/status.ts";

/** Rollouts in the states that somebody on call meets, as of 09:04:10 UTC. */

const SPEC = rolloutSpecSchema.parse({
  targetRef: { name: "checkout" },
  service: { port: 80, targetPort: "http" },
  traffic: { istio: {} },
  steps: [
    { weight: 5, hold: "2m" },
    { weight: 25, hold: "2m", approval: "required" },
    { weight: 50, hold: "2m" },
  ],
  analysis: {
    metrics: [
      { name: "success-rate", min: 99, baseline: {} },
      { name: "latency", percentile: 99, max: "500ms", baseline: {} },
      { name: "queue-depth", query: 'max(queue_depth{workload="{{ target }}"})', max: 100 },
    ],
  },
});

const WEBHOOKS = webhooksSchema.parse([
  { name: "board", type: "confirm-rollout", url: "https://board.example.com/" },
  {
    name: "qa",
    type: "confirm-traffic-increase",
    url: "https://qa.example.com/",
    maxWait: "2h",
    onTimeout: "rollback",
  },
  { name: "stop", type: "rollback", url: "https://stop.example.com/", interval: "5s" },
]);

const V1 = { revision: "5c6b7d8f9", images: ["registry.example.com/shop/checkout:v1"] };
const V2 = { revision: "7d9f8c6b5", images: ["registry.example.com/shop/checkout:v2"] };

export const HISTORY: readonly HistoryEntry[] = [
  {
    ...V1,
    id: 6,
    startedAt: "2026-01-04T16:00:00Z",
    finishedAt: "2026-01-04T16:12:30Z",
    result: "Succeeded",
    reason: "Promoted",
    message: "The primary serves shop/checkout:v1.",
    maxWeight: 50,
    verdict: {
      result: "pass",
      reason:
        "success-rate: 99.96 % of 12,480 requests succeeded, primary 99.97 % of 12,512; latency: p99 212 ms, primary 208 ms",
      at: "2026-01-04T16:11:30Z",
    },
    approvals: [
      { step: 1, by: "ada (sluice)", at: "2026-01-04T16:04:40Z", reason: "numbers look good" },
      { gates: ["qa"], by: 'webhook "qa"', at: "2026-01-04T16:11:30Z", reason: '200 "tested"' },
    ],
  },
  {
    revision: "6f5d4c3b2",
    images: ["registry.example.com/shop/checkout:v0"],
    id: 5,
    startedAt: "2026-01-04T14:00:00Z",
    finishedAt: "2026-01-04T14:03:10Z",
    result: "Failed",
    reason: "MetricFailed",
    message: "success-rate: 4.1 % of requests failed (41/1,000), 0.1 % of the primary's.",
    maxWeight: 5,
  },
];

export const STEPPING: RunStatus = {
  ...V2,
  id: 7,
  startedAt: "2026-01-05T09:00:00Z",
  stage: "Step",
  stageSince: "2026-01-05T09:03:00Z",
  stepIndex: 1,
  steps: 3,
  positions: [
    { kind: "step", index: 0, weight: 5, since: "2026-01-05T09:00:30.000Z" },
    { kind: "step", index: 1, weight: 25, since: "2026-01-05T09:03:00.000Z" },
  ],
  weight: 25,
  maxWeight: 25,
  shadowPercent: 0,
  canaryReplicas: 3,
  primaryReplicas: 3,
  previous: V1,
  split: { asked: 25, seen: 24.6, requests: 1_248, since: "2026-01-05T09:03:00.000Z" },
  verdict: {
    result: "inconclusive",
    metric: "latency",
    reason: "62 of 100 requests; at this rate 25s more.",
    at: "2026-01-05T09:04:00Z",
  },
  evidence: {
    canary: { requests: 62, errors: 0 },
    primary: { requests: 1_186, errors: 2 },
    metrics: [
      {
        name: "success-rate",
        result: "pass",
        canary: "100 %",
        primary: "99.83 %",
        limit: "min 99 %, at most 1.5 x primary",
        reason: "0 % of requests failed (0/62).",
        confidence: "none, fails at 99.95 %",
      },
      {
        name: "latency",
        result: "inconclusive",
        canary: "212 ms",
        primary: "208 ms",
        limit: "p99 at most 500 ms",
        reason: "62 of 100 requests; at this rate 25s more.",
        confidence: "71 %, fails at 99.95 %",
      },
      { name: "queue-depth", result: "pass", canary: "17", limit: "max 100", reason: "17 is below 100." },
    ],
  },
  spec: SPEC,
};

const AT_REST: RolloutStatus = {
  phase: "Succeeded",
  canaryWeight: 0,
  revision: V1.revision,
  message: "shop/checkout:v1 serves all requests.",
  promoted: { ...V1, at: "2026-01-04T16:12:30Z" },
  lastRunId: 6,
  history: HISTORY,
};

export const STATUSES = {
  atRest: AT_REST,
  stepping: {
    ...AT_REST,
    phase: "Progressing",
    canaryWeight: 25,
    step: "2/3",
    verdict: "inconclusive",
    revision: V2.revision,
    message: "Step 2/3: 25 % of requests, at least until 09:05:00 UTC.",
    run: STEPPING,
    lastRunId: 7,
  },
  waitingForApproval: {
    ...AT_REST,
    phase: "Waiting",
    canaryWeight: 25,
    step: "2/3",
    verdict: "pass",
    revision: V2.revision,
    message: "Step 2/3: 25 % of requests; evidence is good, waiting for approval of the next step.",
    run: { ...STEPPING, awaitingApprovalSince: "2026-01-05T09:04:05Z" },
    lastRunId: 7,
  },
  paused: {
    ...AT_REST,
    phase: "Progressing",
    canaryWeight: 25,
    step: "2/3",
    verdict: "inconclusive",
    revision: V2.revision,
    message: "Step 2/3: 25 % of requests; paused: Prometheus is being moved.",
    conditions: [
      {
        type: "Preflight",
        status: "True",
        reason: "PreflightWarned",
        message:
          "readiness-probe: Deployment shop/search has no readinessProbe on container search: its pods get requests before they can answer. Give it one.",
        lastTransitionTime: "2026-01-05T09:00:00Z",
      },
    ],
    run: {
      ...STEPPING,
      pause: {
        kind: "Requested",
        reason: "Prometheus is being moved",
        by: "ada (sluice)",
        since: "2026-01-05T09:03:40Z",
      },
      metricsDown: { since: "2026-01-05T09:03:45Z", reason: "HTTP 503." },
    },
    lastRunId: 7,
  },
  /** A person has approved the step; the last raise waits for QA, and a rollback webhook is asked all along. */
  waitingForGates: {
    ...AT_REST,
    phase: "Waiting",
    canaryWeight: 25,
    step: "2/3",
    verdict: "pass",
    revision: V2.revision,
    message:
      'Step 2/3: 25 % of requests; waiting for webhook "qa": answered 403 "two testers are at lunch", 4 answers since 09:03:20 UTC; deadline 11:03:20 UTC.',
    run: {
      ...STEPPING,
      spec: { ...SPEC, webhooks: WEBHOOKS },
      stageSince: "2026-01-05T09:01:10Z",
      positions: [
        { kind: "step", index: 0, weight: 5, since: "2026-01-05T09:00:30.000Z" },
        { kind: "step", index: 1, weight: 25, since: "2026-01-05T09:01:10.000Z" },
      ],
      split: { asked: 25, seen: 24.6, requests: 1_248, since: "2026-01-05T09:01:20.000Z" },
      verdict: {
        result: "pass",
        reason: "success-rate: 100 % of 162 requests succeeded",
        at: "2026-01-05T09:04:00Z",
      },
      approvals: [
        { gates: ["board"], by: 'webhook "board"', at: "2026-01-05T09:00:10Z", reason: '200 "agreed"' },
        { step: 1, by: "ada (sluice)", at: "2026-01-05T09:03:10Z", reason: "numbers look good" },
      ],
      gates: [
        {
          name: "qa",
          type: "confirm-traffic-increase",
          state: "closed",
          since: "2026-01-05T09:03:20Z",
          answers: 4,
          last: '403 "two testers are at lunch"',
          at: "2026-01-05T09:04:05Z",
          isAwaited: true,
        },
      ],
    },
    lastRunId: 7,
  },
  failed: {
    ...AT_REST,
    phase: "Failed",
    verdict: "fail",
    revision: V2.revision,
    message: "shop/checkout:v2 was rolled back: latency: p99 is 620 ms (limit 500 ms).",
    rejected: { ...V2, at: "2026-01-05T09:04:00Z", reason: "MetricFailed" },
    lastRunId: 7,
    history: [
      {
        ...V2,
        id: 7,
        startedAt: "2026-01-05T09:00:00Z",
        finishedAt: "2026-01-05T09:04:00Z",
        result: "Failed",
        reason: "MetricFailed",
        message: "latency: p99 is 620 ms (limit 500 ms).",
        maxWeight: 25,
        verdict: {
          result: "fail",
          metric: "latency",
          reason: "latency: p99 is 620 ms (limit 500 ms).",
          at: "2026-01-05T09:04:00Z",
        },
      },
      ...HISTORY,
    ],
  },
} as const satisfies Readonly<Record<string, RolloutStatus>>;

export function rolloutNamed(name: string, namespace = "shop"): Rollout {
  const spec = { ...SPEC, targetRef: { ...SPEC.targetRef, name } };
  return { apiVersion: "sluice.dev/v1alpha1", kind: "Rollout", metadata: { name, namespace }, spec };
}
