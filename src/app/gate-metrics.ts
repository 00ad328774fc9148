import { WEBHOOK_TYPES, type WebhookType } from "../api/spec-gates.ts";
import type { GateObserver } from "../controller/gate-desk.ts";
import type { EventHookCounts } from "../gate/webhook/event-hooks.ts";
import type { CounterMetric, HistogramMetric, MetricsRegistry } from "../telemetry/metrics-registry.ts";

const RESULTS = ["yes", "no", "none", "abandoned"] as const;
const ASKED: readonly WebhookType[] = WEBHOOK_TYPES.filter((type) => type !== "event");

/** Seconds; a webhook may take its time. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Counts what webhooks answer, once there is a page for it. */
export class GateCounts implements GateObserver {
  #answers: CounterMetric<"type" | "result"> | null = null;
  #took: HistogramMetric<"type"> | null = null;

  answered({ type, result, tookMs }: Parameters<NonNullable<GateObserver["answered"]>>[0]): void {
    this.#answers?.add({ type, result });
    this.#took?.observe({ type }, tookMs / 1_000);
  }

  addTo(
    registry: MetricsRegistry,
    parts: { readonly kept: () => number; readonly events: () => EventHookCounts },
  ): void {
    this.#answers = registry.counter({
      name: "sluice_webhook_answers_total",
      help: "Answers of webhooks by type: yes, no, none (no answer that counts), abandoned (nobody waited any more).",
      labels: ["type", "result"],
      initial: ASKED.flatMap((type) => RESULTS.map((result) => ({ type, result }))),
    });
    this.#took = registry.histogram({
      name: "sluice_webhook_duration_seconds",
      help: "How long webhooks took to answer, retries included.",
      labels: ["type"],
      buckets: BUCKETS,
    });
    registry.gaugeOf(
      {
        name: "sluice_webhooks_asked",
        help: "Webhooks that are asked at present, or whose answers are kept.",
      },
      parts.kept,
    );
    for (const [outcome, help] of Object.entries(EVENT_HELP)) {
      registry.gaugeOf(
        { name: `sluice_webhook_events_${outcome}`, help },
        () => parts.events()[outcome as keyof EventHookCounts],
      );
    }
  }
}

const EVENT_HELP: Readonly<Record<keyof EventHookCounts, string>> = {
  sent: "Events delivered to event webhooks.",
  failed: "Events that an event webhook refused or did not answer.",
  dropped: "Events dropped because the queue to event webhooks was full.",
};
