import { expect, it } from "vitest";
import { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import { addNotificationMetrics, DeliveryCounts } from "./notification-metrics.ts";

it("deliveries are counted by outcome on the metrics page", async () => {
  const registry = new MetricsRegistry();
  const counts = new DeliveryCounts();
  addNotificationMetrics(registry, counts, () => 3);
  counts.add("slack", "sent");
  counts.add("teams", "sent");
  counts.add("slack", "dropped");
  const { text: page } = await registry.expose();
  expect(page).toContain("sluice_notifications_sent 2");
  expect(page).toContain("sluice_notifications_dropped 1");
  expect(page).toContain("sluice_notifications_failed 0");
  expect(page).toContain("sluice_notifications_pending 3");
});
