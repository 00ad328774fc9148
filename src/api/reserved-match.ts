import type { HttpMatch } from "./http-match.ts";
import type { RolloutSpec } from "./spec.ts";

/** Requests that go to one side by what they are, whatever the weight is; an empty list reserves none for that side. */
export interface ReservedMatch {
  readonly canary: readonly HttpMatch[];
  readonly primary: readonly HttpMatch[];
}

/**
 * What the spec in force reserves, the matches of `ab` and `blueGreen` among it: null when nothing, and then
 * `Traffic.reserved` is always false. A request that both sides claim is the primary's: who must never see a canary on
 * trial does not.
 */
export function reservedMatchOf(spec: RolloutSpec): ReservedMatch | null {
  const { canaryMatch = [], primaryMatch = [] } = spec.traffic.istio;
  const canary = [...canaryMatch, ...(spec.ab?.match ?? []), ...(spec.blueGreen?.previewMatch ?? [])];
  if (canary.length + primaryMatch.length === 0) return null;
  return { canary, primary: primaryMatch };
}
