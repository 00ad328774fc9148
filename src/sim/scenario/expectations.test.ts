import { describe, expect, it } from "vitest";
import { type Facts, unmet, unmetGoals } from "./expectations.ts";
import type { Expectations } from "./schema.ts";

const FACTS: Facts = {
  phase: "Failed",
  reason: "MetricFailed: success-rate: canary fails 31.46 % of its requests",
  isMoving: false,
  promotedImages: ["shop/checkout:v1", "envoy:1"],
  maxCanaryWeight: 25,
  canaryRequests: 900,
  canaryRequestsAfter: 0,
  userRequests: 10_000,
  userErrors: 20,
  clientsMovedBack: 2,
  requestsToUnready: 3,
  requestsUnserved: 4,
  requestsMet: [{ canary: 30, primary: 70, mirrored: 5, newToCanary: 1, newToPrimary: 3 }],
  webhookCalls: new Map([["/qa", 3]]),
  events: new Set(["RunStarted", "RolledBack"]),
};

const expecting = (members: Partial<Expectations>): Expectations => ({
  canaryRequestsAfter: undefined,
  ...members,
});

const MET: readonly Partial<Expectations>[] = [
  {},
  { phase: "Failed" },
  { reason: "success-rate" },
  { reason: "Success rate" },
  { reason: "metricFailed" },
  { promotedImage: "shop/checkout:v1" },
  { webhookCalls: { "/qa": 3 } },
  { maxCanaryWeight: 25 },
  { minCanaryWeight: 25 },
  { canaryRequests: 900 },
  { canaryRequestsAfter: 0 },
  { userErrorRateBelow: 0.0021 },
  { clientsMovedBack: 2 },
  { requestsToUnready: 3 },
  { requestsUnserved: 4 },
  { events: ["RolledBack"] },
  { requests: [{ toCanary: { min: 0.3, max: 0.3 }, newToCanary: { min: 0, max: 0.25 }, mirrored: 5 }] },
];

const UNMET: readonly (readonly [Partial<Expectations>, string])[] = [
  [
    { requests: [{ of: "testers", stage: "Step", toCanary: { min: 1, max: 1 } }] },
    "requests (of testers in stage Step): 30 of 100 requests went to the canary (30 %), expected 100 %",
  ],
  [
    { requests: [{ weight: 20, newToCanary: { min: 0.3, max: 0.5 } }] },
    "requests (at weight 20): 1 of 4 new clients were served by the canary first (25 %), expected 30 % to 50 %",
  ],
  [{ requests: [{ method: "POST", mirrored: 0 }] }, "requests (POST): 5 were mirrored, expected 0 at most"],
  [{ requests: [{ mirroredAtLeast: 6 }] }, "requests: 5 were mirrored, expected 6 at least"],
  [{ phase: "Succeeded" }, "phase: Failed, expected Succeeded"],
  [
    { reason: "latency" },
    'reason: "MetricFailed: success-rate: canary fails 31.46 % of its requests", expected it to contain "latency"',
  ],
  [
    { promotedImage: "shop/checkout:v2" },
    "promotedImage: shop/checkout:v1, envoy:1, expected shop/checkout:v2",
  ],
  [{ maxCanaryWeight: 24 }, "maxCanaryWeight: 25, expected 24 at most"],
  [{ minCanaryWeight: 50 }, "minCanaryWeight: the canary's weight came to 25, expected 50 at least"],
  [{ canaryRequests: 0 }, "canaryRequests: 900, expected 0 at most"],
  [
    { userErrorRateBelow: 0.002 },
    "userErrorRateBelow: 20 of 10000 requests failed (0.00200), expected below 0.002",
  ],
  [{ requestsUnserved: 0 }, "requestsUnserved: 4, expected 0 at most"],
  [{ clientsMovedBack: 0 }, "clientsMovedBack: 2, expected 0 at most"],
  [{ requestsToUnready: 0 }, "requestsToUnready: 3, expected 0 at most"],
  [{ events: ["RolledBack", "Promoted"] }, "events: Promoted not seen; seen were RunStarted, RolledBack"],
];

describe("an expectation", () => {
  it.each(MET)("is met: %o", (members) => {
    expect(unmet(expecting(members), FACTS, null)).toEqual([]);
  });

  it.each(UNMET)("is not met: %o", (members, problem) => {
    expect(unmet(expecting(members), FACTS, null)).toEqual([problem]);
  });

  it("about requests after the run is not met while no run has ended", () => {
    const facts = { ...FACTS, canaryRequestsAfter: null };
    expect(unmet(expecting({ canaryRequestsAfter: 0 }), facts, null)).toEqual([
      "canaryRequestsAfter: no run has ended",
    ]);
  });

  it("says how long was waited for what did not come about", () => {
    expect(unmet(expecting({ phase: "Succeeded", requestsToUnready: 0 }), FACTS, 300_000)).toEqual([
      "phase: Failed, expected Succeeded (5m after the last action)",
      "requestsToUnready: 3, expected 0 at most",
    ]);
  });

  it("of nothing in particular waits until no run is under way", () => {
    const moving = { ...FACTS, phase: "Progressing", isMoving: true };
    expect(unmetGoals(expecting({}), moving)).toEqual(["a run is still under way in phase Progressing"]);
    expect(unmetGoals(expecting({ phase: "Progressing" }), moving)).toEqual([]);
  });

  it("about limits alone is no goal to wait for", () => {
    expect(unmetGoals(expecting({ requestsToUnready: 0, maxCanaryWeight: 1 }), FACTS)).toEqual([]);
  });
});
