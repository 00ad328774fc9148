import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AREAS } from "../../src/app/own-metrics/own-metrics.ts";
import type { MetricDefinition } from "../../src/telemetry/metric-definition.ts";
import { hasPromtool } from "../support/alerts.ts";
import type { MetricsPage } from "../support/metrics-page.ts";
import { MetricsWorld } from "../support/metrics-world.ts";

const CHECKOUT = 'namespace="shop",name="checkout"';

describe("a controller that takes one release to its end and rolls another back", () => {
  let world: MetricsWorld;
  let stepping: MetricsPage;
  let promoted: MetricsPage;
  let rolledBack: MetricsPage;
  let deleted: MetricsPage;

  beforeAll(async () => {
    world = await MetricsWorld.start("test/fixtures/metrics/scenario.yaml", {
      flaggerMetrics: true,
      drain: "5s",
    });
    stepping = await world.at(2.75);
    promoted = await world.at(5.9);
    rolledBack = await world.at(8);
    deleted = await world.at(9.5);
  }, 60_000);

  afterAll(() => world.stop());

  test("shows during a run where it stands, what weight is asked for, and what is seen of it", () => {
    const { series } = stepping;
    expect(Object.fromEntries(series)).toMatchObject({
      'sluice_rollouts{phase="Progressing"}': 1,
      [`sluice_rollout_phase{${CHECKOUT},target="checkout",phase="Progressing"}`]: 1,
      [`sluice_rollout_canary_weight_ratio{${CHECKOUT}}`]: 0.5,
      [`sluice_rollout_step{${CHECKOUT}}`]: 2,
      [`sluice_rollout_verdict{${CHECKOUT}}`]: 1,
      [`sluice_rollout_metric_verdict{${CHECKOUT},metric="latency"}`]: 1,
    });
    expect(series.get(`sluice_rollout_canary_weight_seen_ratio{${CHECKOUT}}`)).toBeCloseTo(0.5, 1);
  });

  test("counts how runs ended, and how long their stages took", () => {
    expect(promoted.get('sluice_runs_total{result="Succeeded",reason="Promoted"}')).toBe(1);
    expect(promoted.get('sluice_runs_total{result="Failed",reason="MetricFailed"}')).toBe(0);
    expect(rolledBack.get('sluice_runs_total{result="Failed",reason="MetricFailed"}')).toBe(1);
    expect(promoted.get('sluice_stage_duration_seconds_count{stage="Step"}')).toBe(2);
    expect(promoted.get('sluice_stage_duration_seconds_sum{stage="Step"}')).toBeGreaterThanOrEqual(105);
    expect(promoted.get('sluice_verdict_duration_seconds_count{result="pass"}')).toBe(2);
    expect(rolledBack.get('sluice_events_total{reason="RolledBack"}')).toBe(1);
  });

  test("measures how long bad evidence went on until weight 0 was written", () => {
    const name = "sluice_bad_evidence_to_zero_weight_seconds";
    expect(promoted.get(`${name}_count`)).toBe(0);
    expect(rolledBack.get(`${name}_count`)).toBe(1);
    expect(rolledBack.get(`${name}_sum`)).toBeLessThan(20);
    expect(rolledBack.get(`${name}_sum`)).toBeGreaterThan(0);
  });

  test("says of a Rollout at rest how and when its last run ended, and nothing of a run", () => {
    const last = 'result="Failed",reason="MetricFailed"';
    const [series] = rolledBack.of("sluice_rollout_last_run_finished_timestamp_seconds");
    expect(series).toContain(last);
    expect(rolledBack.get(series ?? "")).toBeLessThanOrEqual(world.clock.now() / 1_000);
    expect(rolledBack.of("sluice_rollout_canary_weight_ratio")).toEqual([]);
  });

  test("counts what it asked of the API server, of Prometheus, of webhooks and of receivers", () => {
    const update =
      'sluice_api_requests_total{verb="update",resource="rollouts.sluice.dev/status",code="200"}';
    expect(rolledBack.get(update)).toBeGreaterThan(5);
    expect(rolledBack.of("sluice_api_requests_total", 'verb="watch"', 'code="200"').length).toBeGreaterThan(
      5,
    );
    expect(rolledBack.get('sluice_metrics_source_queries_total{result="ok"}')).toBeGreaterThan(20);
    expect(rolledBack.get('sluice_webhook_answers_total{type="rollout",result="yes"}')).toBeGreaterThan(5);
    expect(rolledBack.get('sluice_webhook_events_total{result="sent"}')).toBeGreaterThan(5);
    expect(rolledBack.get('sluice_notifications_total{channel="slack",result="sent"}')).toBeGreaterThan(5);
    expect(rolledBack.get('sluice_notifications_total{channel="slack",result="dropped"}')).toBe(0);
    expect(rolledBack.of("sluice_watch_restarts_total", 'reason="ended"').length).toBeGreaterThan(0);
  });

  test("speaks with Flagger's names, labels and values when asked to", () => {
    expect(Object.fromEntries(stepping.series)).toMatchObject({
      'flagger_info{version="0.1.0",mesh_provider="istio"}': 1,
      'flagger_canary_total{namespace="shop"}': 1,
      'flagger_canary_status{name="checkout",namespace="shop"}': 0,
      'flagger_canary_weight{workload="checkout-primary",namespace="shop"}': 50,
      'flagger_canary_weight{workload="checkout",namespace="shop"}': 50,
    });
    const percent = stepping.get(
      'flagger_canary_metric_analysis{name="checkout",namespace="shop",metric="request-success-rate"}',
    );
    expect(percent).toBeGreaterThan(99);
    const seconds = stepping.get(
      'flagger_canary_metric_analysis{name="checkout",namespace="shop",metric="request-duration"}',
    );
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(1);
    const labels =
      'name="checkout",namespace="shop",deployment_strategy="canary",analysis_status="completed"';
    expect(rolledBack.get(`flagger_canary_successes_total{${labels}}`)).toBe(1);
    expect(rolledBack.get(`flagger_canary_failures_total{${labels}}`)).toBe(1);
    expect(rolledBack.get('flagger_canary_status{name="checkout",namespace="shop"}')).toBe(2);
  });

  test("ends every series of a Rollout that was deleted", () => {
    expect(rolledBack.text).toContain(CHECKOUT);
    const left = [...deleted.series.keys()].filter((series) => series.includes('"checkout"'));
    expect(left).toEqual([]);
    expect(deleted.of("sluice_rollouts")).toEqual([]);
    expect(deleted.get('sluice_runs_total{result="Failed",reason="MetricFailed"}')).toBe(1);
  });

  test.skipIf(!hasPromtool())(
    "shows a page that promtool has nothing to say against, but for Flagger's names",
    () => {
      const { stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
        input: rolledBack.text,
        encoding: "utf8",
      });
      const said = `${stdout}${stderr}`
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("flagger_"));
      expect(said).toEqual([]);
    },
  );

  test("has recorded something for every metric that is defined", () => {
    const seen = new Set([stepping, promoted, rolledBack].flatMap((page) => [...page.names]));
    /** What did not happen here. */
    const absent = [
      "sluice_rollouts_paused",
      "sluice_rollout_paused_since_timestamp_seconds",
      "sluice_rollout_contested_repairs",
      // Where this runs there may be no limit.
      "sluice_memory_limit_bytes",
    ];
    const definitions = Object.values(AREAS).flatMap((area): MetricDefinition[] => Object.values(area));
    const missing = definitions
      .map(({ kind, name }) => (kind === "histogram" ? `${name}_count` : name))
      .filter((name) => !seen.has(name) && !absent.includes(name));
    expect(missing).toEqual([]);
  });
});

describe("a standby", () => {
  test("says nothing of Rollouts, and that it does not lead", async () => {
    const lease = { namespace: "shop", name: "held-by-another" };
    const world = await MetricsWorld.start("test/fixtures/metrics/scenario.yaml", {}, lease);
    const leading = await world.at(1);
    expect(leading.get("sluice_leader")).toBe(1);
    expect(leading.get('sluice_leader_transitions_total{to="leader"}')).toBe(1);
    expect(leading.of("sluice_rollout_phase")).toHaveLength(1);
    await world.loseLease(lease);
    const standby = await world.scrape();
    expect(standby.get("sluice_leader")).toBe(0);
    expect(standby.get('sluice_leader_transitions_total{to="standby"}')).toBe(1);
    expect(standby.of("sluice_rollout_phase")).toEqual([]);
    expect(standby.of("sluice_rollouts")).toEqual([]);
    await world.stop();
  });
});
