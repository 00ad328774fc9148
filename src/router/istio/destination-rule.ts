import type { DestinationRule } from "../../kube/kind/network.ts";
import type { RouteContext } from "../router.ts";

/** The members of a DestinationRule's spec that are ours. */
export const OWNED_SPEC: readonly string[] = ["host", "trafficPolicy", "exportTo"];

/** Both sides get the same policy, so that they differ in nothing but the revision. */
export function buildDestinationRuleSpec(context: RouteContext, host: string): DestinationRule["spec"] {
  const { trafficPolicy, exportTo } = context.spec.traffic.istio;
  return {
    host,
    ...(trafficPolicy === undefined ? {} : { trafficPolicy }),
    ...(exportTo === undefined ? {} : { exportTo }),
  };
}
