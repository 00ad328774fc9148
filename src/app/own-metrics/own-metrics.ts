import type { Config } from "../../config/config.ts";
import type { MetricArea } from "../../telemetry/metric-definition.ts";
import { type Instruments, MetricsRegistry } from "../../telemetry/metrics-registry.ts";
import { API_METRICS } from "./api-metrics.ts";
import { FLAGGER_METRICS } from "./flagger-metrics.ts";
import { GATE_METRICS } from "./gate-metrics.ts";
import { NOTIFICATION_METRICS } from "./notification-metrics.ts";
import { PROCESS_METRICS } from "./process-metrics.ts";
import { QUEUE_METRICS } from "./queue-metrics.ts";
import { ROLLOUT_METRICS } from "./rollout-metrics.ts";
import { RUN_METRICS } from "./run-metrics.ts";
import { SOURCE_METRICS } from "./source-metrics.ts";

/** Every metric of our own, by area: what is registered, documented (docs/reference/metrics.md) and can be recorded. */
export const AREAS = {
  rollouts: ROLLOUT_METRICS,
  runs: RUN_METRICS,
  source: SOURCE_METRICS,
  queue: QUEUE_METRICS,
  api: API_METRICS,
  gates: GATE_METRICS,
  notifications: NOTIFICATION_METRICS,
  process: PROCESS_METRICS,
} as const satisfies Readonly<Record<string, MetricArea>>;

/** One process' metrics: what is recorded into, and the page that shows it. */
export interface OwnMetrics {
  readonly registry: MetricsRegistry;
  readonly own: { readonly [A in keyof typeof AREAS]: Instruments<(typeof AREAS)[A]> };
  /** Null: not asked for. */
  readonly flagger: Instruments<typeof FLAGGER_METRICS> | null;
}

export function createOwnMetrics({ flaggerMetrics }: Pick<Config, "flaggerMetrics">): OwnMetrics {
  const registry = new MetricsRegistry();
  const own = Object.entries(AREAS).map(([name, area]) => [name, registry.register<MetricArea>(area)]);
  return {
    registry,
    own: Object.fromEntries(own) as OwnMetrics["own"],
    flagger: flaggerMetrics ? registry.register(FLAGGER_METRICS) : null,
  };
}
