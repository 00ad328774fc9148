import type { IntOrPercent } from "../../../kube/kind/workload.ts";
import type { Deployment } from "../../kinds.ts";

/** How far a rolling update may leave the desired number of pods, in pods. */
export interface Bounds {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/**
 * maxSurge rounds up, maxUnavailable down; if both come to 0, one pod may be unavailable, or nothing would ever move
 * (kubectl/pkg/util/deployment: ResolveFenceposts, MaxSurge, MaxUnavailable). Recreate has neither.
 */
export function boundsOf(deployment: Deployment): Bounds {
  const { replicas, strategy } = deployment.spec;
  if (strategy?.type === "Recreate") return { maxSurge: 0, maxUnavailable: 0 };
  const maxSurge = podsOf(strategy?.rollingUpdate?.maxSurge ?? 0, replicas, Math.ceil);
  const maxUnavailable = podsOf(strategy?.rollingUpdate?.maxUnavailable ?? 0, replicas, Math.floor);
  const resolved = maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable;
  return { maxSurge, maxUnavailable: Math.min(resolved, replicas) };
}

function podsOf(value: IntOrPercent, total: number, round: (pods: number) => number): number {
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  return percent === undefined ? Number(value) || 0 : round((Number(percent) * total) / 100);
}
