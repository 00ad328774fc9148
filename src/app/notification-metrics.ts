import type { ReceiverKind } from "../api/spec-notifications.ts";
import { DELIVERY_OUTCOMES, type DeliveryOutcome } from "../notify/dispatcher.ts";
import type { MetricsRegistry } from "../telemetry/metrics-registry.ts";

/** Deliveries by outcome since the start. */
export class DeliveryCounts {
  readonly #counts = new Map<DeliveryOutcome, number>();

  add(_kind: ReceiverKind, outcome: DeliveryOutcome): void {
    this.#counts.set(outcome, this.of(outcome) + 1);
  }

  of(outcome: DeliveryOutcome): number {
    return this.#counts.get(outcome) ?? 0;
  }
}

export function addNotificationMetrics(
  registry: MetricsRegistry,
  counts: DeliveryCounts,
  pending: () => number,
): void {
  for (const [outcome, when] of Object.entries(DELIVERY_OUTCOMES)) {
    registry.gaugeOf({ name: `sluice_notifications_${outcome}`, help: `Notifications: ${when}` }, () =>
      counts.of(outcome as DeliveryOutcome),
    );
  }
  registry.gaugeOf({ name: "sluice_notifications_pending", help: "Notifications that wait." }, pending);
}
