import { WEBHOOK_TYPES, type WebhookType } from "../../api/spec-gates.ts";
import { counter, histogram, observableCounter, observableGauge } from "../../telemetry/metric-definition.ts";

const RESULTS = ["yes", "no", "none", "abandoned"] as const;
const ASKED: readonly WebhookType[] = WEBHOOK_TYPES.filter((type) => type !== "event");

/** Webhooks of Rollouts. */
export const GATE_METRICS = {
  answers: counter({
    name: "sluice_webhook_answers_total",
    help: "Questions to webhooks.",
    labels: {
      type: ASKED.join(", "),
      result: "yes, no, none (no answer that counts), or abandoned (nobody waited any more)",
    },
    initial: ASKED.flatMap((type) => RESULTS.map((result) => ({ type, result }))),
  }),
  duration: histogram({
    name: "sluice_webhook_duration_seconds",
    help: "How long webhooks took to answer, retries included.",
    labels: { type: "as above" },
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  }),
  asked: observableGauge({
    name: "sluice_webhooks_asked",
    help: "Webhooks that are asked at present, or whose answers are kept.",
  }),
  events: observableCounter({
    name: "sluice_webhook_events_total",
    help: "Events for webhooks of type event.",
    labels: {
      result: "sent, failed (refused, or no answer), or dropped (too many waited)",
    },
  }),
};
