import type { EventText } from "../../../kube/event-object.ts";
import type { Condition } from "../../../kube/kind/workload.ts";
import { isoTime } from "../../../lib/time.ts";
import type { Pod } from "../../kinds.ts";
import { findCondition } from "../conditions.ts";
import { normalEvent, warningEvent } from "../event.ts";
import type { Autoscaler, AutoscalerStatus, MetricSpec, MetricStatus } from "./hpa.ts";
import { type LimitedSize, limitSize, remembered, type ScalingHistory } from "./limit.ts";
import type { UsageSource } from "./pod-usage.ts";
import { type Recommendation, recommend } from "./recommend.ts";

export interface AutoscalerInput {
  readonly autoscaler: Autoscaler;
  /** null: there is no such target. */
  readonly target: {
    readonly replicas: number;
    readonly statusReplicas: number;
    readonly pods: readonly Pod[];
  } | null;
  readonly history: ScalingHistory;
  readonly source: UsageSource;
  readonly now: number;
}

export interface AutoscalerDecision {
  /** null: leave the size as it is. */
  readonly replicas: number | null;
  readonly status: AutoscalerStatus;
  readonly history: ScalingHistory;
  readonly events: readonly EventText[];
}

const DEFAULT_METRICS: readonly MetricSpec[] = [
  { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
];

type Said = Omit<Condition, "lastTransitionTime">;

/** One evaluation of a HorizontalPodAutoscaler (podautoscaler/horizontal.go reconcileAutoscaler). */
export function decideAutoscaler(input: AutoscalerInput): AutoscalerDecision {
  const { autoscaler, target } = input;
  if (target === null) {
    const { kind, name } = autoscaler.spec.scaleTargetRef;
    const message = `the HPA controller was unable to get the target's current scale: ${kind} "${name}" not found`;
    const condition = said("AbleToScale", "False", "FailedGetScale", message);
    return idle(input, [condition], [warningEvent("FailedGetScale", message)]);
  }
  const able = said(
    "AbleToScale",
    "True",
    "SucceededGetScale",
    "the HPA controller was able to get the target's current scale",
  );
  if (target.replicas === 0) {
    const message = "scaling is disabled since the replica count of the target is zero";
    return idle(input, [able, said("ScalingActive", "False", "ScalingDisabled", message)], []);
  }
  return evaluate(input, target, able);
}

function evaluate(
  input: AutoscalerInput,
  target: NonNullable<AutoscalerInput["target"]>,
  able: Said,
): AutoscalerDecision {
  const { autoscaler, history, source, now } = input;
  const outside = outOfBounds(autoscaler, target.replicas);
  if (outside !== null)
    return resize(input, { ...outside, recommended: outside.replicas, metrics: null, active: null });
  const metrics = autoscaler.spec.metrics ?? DEFAULT_METRICS;
  const found = metrics.map((metric) => recommend(metric, target.pods, target.replicas, source, now));
  const failed = found.find((it) => it.replicas === null);
  const best = highest(found);
  if (best === null || (failed !== undefined && best.replicas < target.replicas)) {
    const { reason = "", message = "" } = failed?.replicas === null ? failed : {};
    const text = `the HPA was unable to compute the replica count: ${message}`;
    return idle(input, [able, said("ScalingActive", "False", reason, text)], [warningEvent(reason, message)]);
  }
  const active = said(
    "ScalingActive",
    "True",
    "ValidMetricFound",
    `the HPA was able to successfully calculate a replica count from ${best.name}`,
  );
  const limited = limitSize(autoscaler, target.replicas, best.replicas, history, now);
  const statuses = found.flatMap((it) => (it.replicas === null ? [] : [it.status]));
  return resize(input, { ...limited, recommended: best.replicas, metrics: statuses, active });
}

/** A size that somebody set beyond the bounds is put right without looking at metrics. */
function outOfBounds({ spec }: Autoscaler, current: number): LimitedSize | null {
  const able = {
    reason: "SucceededGetScale",
    message: "the HPA controller was able to get the target's current scale",
  };
  if (current > spec.maxReplicas) {
    const message = "the desired replica count is more than the maximum replica count";
    return {
      replicas: spec.maxReplicas,
      able,
      limited: { status: "True", reason: "TooManyReplicas", message },
    };
  }
  const minReplicas = spec.minReplicas ?? 1;
  if (current >= minReplicas) return null;
  const message = "the desired replica count is less than the minimum replica count";
  return { replicas: minReplicas, able, limited: { status: "True", reason: "TooFewReplicas", message } };
}

function highest(found: readonly Recommendation[]): Extract<Recommendation, { replicas: number }> | null {
  let best: Extract<Recommendation, { replicas: number }> | null = null;
  for (const it of found)
    if (it.replicas !== null && (best === null || it.replicas > best.replicas)) best = it;
  return best;
}

interface Resizing extends LimitedSize {
  readonly recommended: number;
  readonly metrics: readonly MetricStatus[] | null;
  readonly active: Said | null;
}

function resize(input: AutoscalerInput, size: Resizing): AutoscalerDecision {
  const { autoscaler, target, history, now } = input;
  const current = target?.replicas ?? 0;
  const isResized = size.replicas !== current;
  const rescaled = `the HPA controller was able to update the target scale to ${size.replicas}`;
  const able = isResized
    ? said("AbleToScale", "True", "SucceededRescale", rescaled)
    : said("AbleToScale", "True", size.able.reason ?? "", size.able.message ?? "");
  const { status, reason = "", message = "" } = size.limited;
  const limited = said("ScalingLimited", status, reason, message);
  const conditions = [able, ...(size.active === null ? [] : [size.active]), limited];
  const why = size.replicas > current ? "above target" : "below target";
  const event = normalEvent("SuccessfulRescale", `New size: ${size.replicas}; reason: metrics ${why}`);
  return {
    replicas: isResized ? size.replicas : null,
    status: {
      ...autoscaler.status,
      ...common(input),
      desiredReplicas: size.replicas,
      ...(size.metrics === null ? {} : { currentMetrics: size.metrics }),
      ...(isResized ? { lastScaleTime: isoTime(now) } : {}),
      conditions: merged(autoscaler, conditions, now),
    },
    history: remembered(history, now, size.recommended, size.replicas - current),
    events: isResized ? [event] : [],
  };
}

/** Nothing is scaled; the status says why. */
function idle(
  input: AutoscalerInput,
  conditions: readonly Said[],
  events: readonly EventText[],
): AutoscalerDecision {
  const { autoscaler, history, now } = input;
  return {
    replicas: null,
    status: {
      ...autoscaler.status,
      ...common(input),
      desiredReplicas: input.target?.replicas ?? autoscaler.status?.desiredReplicas ?? 0,
      conditions: merged(autoscaler, conditions, now),
    },
    history,
    events,
  };
}

function common({ autoscaler, target }: AutoscalerInput): object {
  const { generation } = autoscaler.metadata;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    currentReplicas: target?.statusReplicas ?? autoscaler.status?.currentReplicas ?? 0,
  };
}

function said(type: string, status: Condition["status"], reason: string, message: string): Said {
  return { type, status, reason, message };
}

/** New conditions in the place of old ones of their type; times move with the status. */
function merged(autoscaler: Autoscaler, said: readonly Said[], now: number): readonly Condition[] {
  const before = autoscaler.status?.conditions ?? [];
  const fresh = said.map((condition) => {
    const known = findCondition(before, condition.type);
    const since = known?.status === condition.status ? known.lastTransitionTime : undefined;
    return { ...condition, lastTransitionTime: since ?? isoTime(now) };
  });
  const kept = before.filter(({ type }) => !said.some((condition) => condition.type === type));
  return [...fresh, ...kept];
}
