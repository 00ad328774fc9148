import { expect, it } from "vitest";
import { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import { addNotificationMetrics } from "./notification-metrics.ts";

it("deliveries are counted by outcome on the metrics page", async () => {
  const registry = new MetricsRegistry();
  let sent = 0;
  addNotificationMetrics(registry, () => ({ sent, failed: 2, refused: 0, dropped: 0, repeated: 1 }));
  sent = 7;
  const { text: page } = await registry.expose();
  expect(page).toContain("sluice_notifications_sent 7");
  expect(page).toContain("sluice_notifications_failed 2");
});
