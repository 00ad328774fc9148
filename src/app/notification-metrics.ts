import type { DeliveryCounts } from "../notify/slack/slack.ts";
import type { MetricsRegistry } from "../telemetry/metrics-registry.ts";

const HELP: Readonly<Record<keyof DeliveryCounts, string>> = {
  sent: "Notifications delivered.",
  failed: "Notifications given up after the last attempt.",
  refused: "Notifications that the receiver or the Secret refuses.",
  dropped: "Notifications dropped because the queue was full.",
  repeated: "Notifications left out because the same transition was told before.",
};

/** Deliveries by outcome since the start. */
export function addNotificationMetrics(registry: MetricsRegistry, counts: () => DeliveryCounts): void {
  for (const [outcome, help] of Object.entries(HELP)) {
    registry.gaugeOf(
      { name: `sluice_notifications_${outcome}`, help },
      () => counts()[outcome as keyof DeliveryCounts],
    );
  }
}
