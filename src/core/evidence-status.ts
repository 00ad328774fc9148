import type { EvidenceStatus } from "../api/status.ts";
import type { Verdict } from "../verdict/judge.ts";

/** A verdict's numbers as the status keeps them. */
export function evidenceStatus(verdict: Verdict): EvidenceStatus {
  return {
    canary: verdict.canary,
    primary: verdict.primary,
    metrics: verdict.metrics.map((metric) => ({
      name: metric.name,
      result: metric.result,
      ...(metric.canary === null ? {} : { canary: metric.canary }),
      ...(metric.primary === null ? {} : { primary: metric.primary }),
      limit: metric.limit,
      reason: metric.reason,
      ...(metric.confidence === null ? {} : { confidence: metric.confidence }),
    })),
  };
}
