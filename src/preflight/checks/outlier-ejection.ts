import type { Finding } from "../../api/preflight.ts";
import { plural } from "../../lib/text.ts";
import { type OutlierPolicy, policyOf } from "../destination-policy.ts";
import { policyPlace, targetOf } from "../sides.ts";
import type { PreflightView } from "../view.ts";

/** Envoy's default, which 0 means too. */
const DEFAULT_MAX_PERCENT = 10;

/**
 * Whether all pods of the canary may be ejected at once. Envoy ejects while the share of ejected pods stays at most
 * maxEjectionPercent, and uses all of them when fewer than minHealthPercent are left.
 */
export function outlierEjection(view: PreflightView): readonly Finding[] {
  const target = { ...targetOf(view, "canary"), port: view.spec.service.port };
  const said = policyOf<OutlierPolicy>(view, target, "outlierDetection");
  if (said === null) return [];
  const { consecutive5xxErrors = 5, consecutiveGatewayErrors = 0, baseEjectionTime = "30s" } = said.value;
  const { minHealthPercent = 0, maxEjectionPercent = 0 } = said.value;
  const most = maxEjectionPercent === 0 ? DEFAULT_MAX_PERCENT : maxEjectionPercent;
  const isOff = consecutive5xxErrors === 0 && consecutiveGatewayErrors === 0;
  if (isOff || minHealthPercent > 0 || most < 100) return [];
  const errors = consecutiveGatewayErrors || consecutive5xxErrors;
  return [
    {
      check: "outlier-ejection",
      severity: "warns",
      ...policyPlace(view, said),
      what: `may eject all ${plural(view.canaryReplicas, "canary pod")} at once (maxEjectionPercent ${most}, no minHealthPercent), each after ${errors} errors in a row`,
      why: `callers then get 503 for ${baseEjectionTime}: a small fault of a canary is made a whole one`,
      fix: "Lower maxEjectionPercent (50 leaves half of the pods), or set minHealthPercent",
    },
  ];
}
