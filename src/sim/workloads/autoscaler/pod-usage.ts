import { assertNever } from "../../../lib/assert.ts";
import type { Pod } from "../../kinds.ts";
import { timeMs } from "../../time-text.ts";
import { findCondition } from "../conditions.ts";
import { isFinished, isTerminating } from "../pods.ts";

/** What a pod uses at the moment: cpu in millicores, memory in bytes. */
export interface PodUsage {
  readonly cpu: number;
  readonly memory: number;
}

/** The metrics of pods, as metrics-server would have them; null: none yet. */
export type UsageSource = (pod: Pod) => PodUsage | null;

export type ResourceName = keyof PodUsage;

/** Pods by what their metrics are worth for scaling. */
export interface UsageGroups {
  readonly used: readonly { readonly pod: Pod; readonly usage: number }[];
  /** Starting: their cpu says nothing yet. */
  readonly unready: readonly Pod[];
  /** No metrics. */
  readonly missing: readonly Pod[];
}

/** --horizontal-pod-autoscaler-cpu-initialization-period and --horizontal-pod-autoscaler-initial-readiness-delay. */
const CPU_INITIALIZATION_MS = 300_000;
const INITIAL_READINESS_MS = 30_000;

/** podautoscaler/replica_calculator.go groupPods; failed and leaving pods are left out. */
export function groupUsage(
  pods: readonly Pod[],
  name: ResourceName,
  source: UsageSource,
  now: number,
): UsageGroups {
  const used: { pod: Pod; usage: number }[] = [];
  const unready: Pod[] = [];
  const missing: Pod[] = [];
  for (const pod of pods) {
    if (isTerminating(pod) || isFinished(pod)) continue;
    const usage = source(pod);
    if (pod.status?.phase === "Pending" || (name === "cpu" && isStarting(pod, now))) unready.push(pod);
    else if (usage === null) missing.push(pod);
    else used.push({ pod, usage: usage[name] });
  }
  return { used, unready, missing };
}

function isStarting(pod: Pod, now: number): boolean {
  const ready = findCondition(pod.status?.conditions, "Ready");
  const startedAt = timeMs(pod.status?.startTime);
  if (ready === undefined || startedAt === 0) return true;
  if (ready.status === "True" || now >= startedAt + CPU_INITIALIZATION_MS) {
    return ready.status !== "True" && timeMs(ready.lastTransitionTime) < startedAt + INITIAL_READINESS_MS;
  }
  return true;
}

/** What all containers of a pod ask for together; null when one of them does not say. */
export function requestOf(pod: Pod, name: ResourceName): number | null {
  let sum = 0;
  for (const container of pod.spec.containers) {
    const request = container.resources?.requests?.[name];
    if (request === undefined) return null;
    sum += amountOf(request, name);
  }
  return sum;
}

const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A Kubernetes quantity in our unit: millicores of cpu, bytes of memory. */
export function amountOf(quantity: string, name: ResourceName): number {
  const match = /^([0-9.]+)([a-zA-Z]*)$/.exec(quantity);
  const value = Number(match?.[1] ?? 0) * (SUFFIXES[match?.[2] ?? ""] ?? 0);
  switch (name) {
    case "cpu":
      return value * 1_000;
    case "memory":
      return value;
    default:
      return assertNever(name);
  }
}

export function quantityText(amount: number, name: ResourceName): string {
  if (name === "memory") return String(Math.round(amount));
  const milli = Math.round(amount);
  return milli % 1_000 === 0 ? String(milli / 1_000) : `${milli}m`;
}
