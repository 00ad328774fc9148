import type { PodRow } from "../api/evidence.ts";
import { namesOf } from "../api/names.ts";
import type { Rollout } from "../api/rollout.ts";
import type { Clock } from "../lib/clock.ts";
import type { Arm } from "../metrics/metrics.ts";
import type { PodLabel } from "../metrics/prometheus/pod-label.ts";
import { PodTraffic } from "../metrics/prometheus/pod-traffic.ts";
import { RECORDED_TIMEOUT_MS } from "./backtest.ts";

/** Whose requests are wanted by pod, and of which time. */
export interface PodQuery {
  readonly rollout: Rollout;
  /** As Istio's destination_workload names it; default: the Rollout's primary. */
  readonly workload?: string | undefined;
  /** The user's word for the label that tells pods apart. */
  readonly podLabel?: string | undefined;
  /** First and last row end; multiples of the interval. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
}

/** What Prometheus has kept of one workload, by pod. */
export interface RecordedPods {
  /** `shop/checkout-primary` */
  readonly workload: string;
  readonly label: PodLabel;
  /** In portions, oldest first. */
  rows(): AsyncIterable<readonly PodRow[]>;
}

/** Rejects when Prometheus does not answer at all. */
export async function recordedPods(url: string, clock: Clock, query: PodQuery): Promise<RecordedPods> {
  const { rollout, fromMs, toMs, intervalMs } = query;
  const arm: Arm = {
    namespace: rollout.metadata.namespace ?? "default",
    workload: query.workload ?? namesOf(rollout).primary,
  };
  const traffic = new PodTraffic({ clock, url, timeoutMs: RECORDED_TIMEOUT_MS });
  const label = await traffic.podLabel(arm, { fromMs, toMs }, query.podLabel ?? null);
  return {
    workload: `${arm.namespace}/${arm.workload}`,
    label,
    rows: () => traffic.rows(arm, label.ok ? label.label : "", { fromMs, toMs, stepMs: intervalMs }),
  };
}
