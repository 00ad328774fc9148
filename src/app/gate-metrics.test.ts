import { expect, it } from "vitest";
import { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import { GateCounts } from "./gate-metrics.ts";

it("answers of webhooks are counted by type and result on the metrics page", async () => {
  const registry = new MetricsRegistry();
  const counts = new GateCounts();
  counts.answered({ type: "rollout", result: "yes", tookMs: 1 });
  counts.addTo(registry, { kept: () => 3, events: () => ({ sent: 5, failed: 1, dropped: 0 }) });
  counts.answered({ type: "rollout", result: "none", tookMs: 10_000 });
  const { text: page } = await registry.expose();
  expect(page).toContain('sluice_webhook_answers_total{type="rollout",result="none"} 1');
  expect(page).toContain('sluice_webhook_answers_total{type="rollback",result="yes"} 0');
  expect(page).toContain('sluice_webhook_duration_seconds_sum{type="rollout"} 10');
  expect(page).toContain("sluice_webhooks_asked 3");
  expect(page).toContain("sluice_webhook_events_sent 5");
});
