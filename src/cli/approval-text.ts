import type { Approval } from "../api/status.ts";

/** `step 2, by ada (sluice) at 09:04:05 UTC: numbers look good`; `at` is how times are told. */
export function approvalText(approval: Approval, at: (time: string) => string): string {
  const why = approval.reason === undefined ? "" : `: ${approval.reason}`;
  return `${approvedText(approval)}, by ${approval.by} at ${at(approval.at)}${why}`;
}

/** What was let pass. */
export function approvedText({ step, gates, skipped, isPromotion }: Approval): string {
  if (isPromotion === true) return "promotion without waiting";
  if (skipped !== undefined) return `the rest of ${skipped.replace(/^Step/, "step")}`;
  if (step !== undefined) return `step ${step + 1}`;
  return (gates ?? []).map((name) => `"${name}"`).join(", ");
}
