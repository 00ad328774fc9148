import type { Condition } from "../../../kube/kind/workload.ts";
import type { Autoscaler, ScalingPolicy, ScalingRules } from "./hpa.ts";

/** A recommendation, or a change of size, that was made at a time. */
export interface PastSize {
  readonly at: number;
  readonly replicas: number;
}

/** What an autoscaler remembers; bounded by the longest window and period, one hour. */
export interface ScalingHistory {
  readonly recommendations: readonly PastSize[];
  /** `replicas` is how many were added (negative: taken). */
  readonly changes: readonly PastSize[];
}

export const NO_HISTORY: ScalingHistory = { recommendations: [], changes: [] };

const MAX_WINDOW_MS = 3_600_000;

/** autoscaling/v2 defaults (pkg/apis/autoscaling/v2/defaults.go). */
const UP: Required<ScalingRules> = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const DOWN: Required<ScalingRules> = {
  stabilizationWindowSeconds: 300,
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};

export interface LimitedSize {
  readonly replicas: number;
  readonly able: Pick<Condition, "reason" | "message">;
  readonly limited: Pick<Condition, "status" | "reason" | "message">;
}

const STEADY = { reason: "ReadyForNewScale", message: "recommended size matches current size" };
const SCALE_DOWN_STABILIZED = {
  reason: "ScaleDownStabilized",
  message: "recent recommendations were higher than current one, applying the highest recent recommendation",
};
const SCALE_UP_STABILIZED = {
  reason: "ScaleUpStabilized",
  message: "recent recommendations were lower than current one, applying the lowest recent recommendation",
};
const IN_RANGE = {
  status: "False",
  reason: "DesiredWithinRange",
  message: "the desired count is within the acceptable range",
} as const;

/** The size that windows, policies and bounds allow (podautoscaler/horizontal.go normalizeDesiredReplicasWithBehaviors). */
export function limitSize(
  autoscaler: Autoscaler,
  current: number,
  recommended: number,
  history: ScalingHistory,
  now: number,
): LimitedSize {
  const up: Required<ScalingRules> = { ...UP, ...autoscaler.spec.behavior?.scaleUp };
  const down: Required<ScalingRules> = { ...DOWN, ...autoscaler.spec.behavior?.scaleDown };
  const stable = stabilized(recommended, current, { up, down }, history.recommendations, now);
  return {
    able: ableOf(recommended, stable),
    ...bounded(autoscaler, current, stable, ratesOf(current, { up, down }, history.changes, now)),
  };
}

function ableOf(recommended: number, stable: number): LimitedSize["able"] {
  if (stable === recommended) return STEADY;
  return stable > recommended ? SCALE_DOWN_STABILIZED : SCALE_UP_STABILIZED;
}

interface Rules {
  readonly up: Required<ScalingRules>;
  readonly down: Required<ScalingRules>;
}

function stabilized(
  recommended: number,
  current: number,
  { up, down }: Rules,
  past: readonly PastSize[],
  now: number,
): number {
  const within = (seconds: number) =>
    past.filter(({ at }) => at > now - seconds * 1_000).map(({ replicas }) => replicas);
  const floor = Math.min(recommended, ...within(up.stabilizationWindowSeconds));
  const ceiling = Math.max(recommended, ...within(down.stabilizationWindowSeconds));
  return Math.min(Math.max(current, floor), ceiling);
}

interface Rates {
  readonly most: number;
  readonly least: number;
}

/** How far the policies let the size go now, given what was changed within their periods. */
function ratesOf(current: number, { up, down }: Rules, changes: readonly PastSize[], now: number): Rates {
  const changedIn = (policy: ScalingPolicy, sign: 1 | -1) =>
    changes
      .filter(({ at, replicas }) => at > now - policy.periodSeconds * 1_000 && replicas * sign > 0)
      .reduce((sum, { replicas }) => sum + replicas * sign, 0);
  const reach = (policy: ScalingPolicy, sign: 1 | -1) => {
    const start = current - sign * changedIn(policy, sign);
    if (policy.type === "Pods") return start + sign * policy.value;
    return sign > 0
      ? Math.ceil(start * (1 + policy.value / 100))
      : Math.floor(start * (1 - policy.value / 100));
  };
  const pick = (rules: Required<ScalingRules>, sign: 1 | -1) => {
    if (rules.selectPolicy === "Disabled") return current;
    const reached = rules.policies.map((policy) => reach(policy, sign));
    const farthest = (rules.selectPolicy === "Max") === sign > 0;
    return farthest ? Math.max(...reached) : Math.min(...reached);
  };
  return { most: Math.max(current, pick(up, 1)), least: Math.min(current, pick(down, -1)) };
}

function bounded(
  { spec }: Autoscaler,
  current: number,
  wanted: number,
  { most, least }: Rates,
): Pick<LimitedSize, "replicas" | "limited"> {
  const minReplicas = spec.minReplicas ?? 1;
  const limit = (replicas: number, reason: string, message: string) =>
    ({ replicas, limited: { status: "True", reason, message } }) as const;
  if (wanted > current) {
    if (wanted > Math.min(spec.maxReplicas, most)) {
      return spec.maxReplicas <= most
        ? limit(
            spec.maxReplicas,
            "TooManyReplicas",
            "the desired replica count is more than the maximum replica count",
          )
        : limit(
            most,
            "ScaleUpLimit",
            "the desired replica count is increasing faster than the maximum scale rate",
          );
    }
  }
  if (wanted < Math.max(minReplicas, least)) {
    return minReplicas >= least
      ? limit(
          minReplicas,
          "TooFewReplicas",
          "the desired replica count is less than the minimum replica count",
        )
      : limit(
          least,
          "ScaleDownLimit",
          "the desired replica count is decreasing faster than the maximum scale rate",
        );
  }
  if (wanted > spec.maxReplicas) {
    return limit(
      spec.maxReplicas,
      "TooManyReplicas",
      "the desired replica count is more than the maximum replica count",
    );
  }
  return { replicas: wanted, limited: IN_RANGE };
}

/** The history with what was recommended and done now, without what no rule looks at any more. */
export function remembered(
  history: ScalingHistory,
  now: number,
  recommended: number,
  change: number,
): ScalingHistory {
  const recent = (past: readonly PastSize[]) => past.filter(({ at }) => at > now - MAX_WINDOW_MS);
  const added = change === 0 ? [] : [{ at: now, replicas: change }];
  return {
    recommendations: [...recent(history.recommendations), { at: now, replicas: recommended }],
    changes: [...recent(history.changes), ...added],
  };
}
