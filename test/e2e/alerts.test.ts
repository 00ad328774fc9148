import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ALERT_RULES, ALERTS_FILE, type AlertStory, hasPromtool, playAlerts } from "../support/alerts.ts";
import { unknownIn } from "../support/known-metrics.ts";
import { metricsIn } from "../support/promql-names.ts";

const isMissing = !hasPromtool();
if (isMissing) console.info("No promtool: skipped. Debian's package prometheus has it.");

const CHECKOUT = { namespace: "shop", name: "checkout" };
const ROLLOUT = 'namespace="shop",name="checkout",pod="sluice-0"';
const JOB = { namespace: "sluice-system", job: "sluice" };
const POD = 'namespace="sluice-system",job="sluice",pod="sluice-0",instance="10.0.0.1:8080"';
const OTHER_POD = 'namespace="sluice-system",job="sluice",pod="sluice-1",instance="10.0.0.2:8080"';
const LABELS_OF_POD = { ...JOB, pod: "sluice-0", instance: "10.0.0.1:8080" };

/** When each alert fires, and when it does not. The first of each fires. */
const STORIES: Readonly<Record<string, readonly [AlertStory, AlertStory, ...AlertStory[]]>> = {
  SluiceRollback: [
    {
      series: {
        [`sluice_rollout_last_run_finished_timestamp_seconds{${ROLLOUT},result="Failed",reason="MetricFailed"}`]:
          "600+0x60",
      },
      at: "20m",
      fires: {
        labels: { ...CHECKOUT, reason: "MetricFailed" },
        summary: "The release of shop/checkout failed: MetricFailed",
      },
    },
    {
      series: {
        [`sluice_rollout_last_run_finished_timestamp_seconds{${ROLLOUT},result="Failed",reason="MetricFailed"}`]:
          "600+0x60",
      },
      at: "26m",
    },
    {
      series: {
        [`sluice_rollout_last_run_finished_timestamp_seconds{${ROLLOUT},result="Succeeded",reason="Promoted"}`]:
          "600+0x60",
      },
      at: "11m",
    },
  ],
  SluiceRunPaused: [
    {
      series: {
        [`sluice_rollout_paused_since_timestamp_seconds{${ROLLOUT},kind="MetricsUnavailable"}`]: "60+0x90",
      },
      at: "41m",
      fires: {
        labels: { ...CHECKOUT, kind: "MetricsUnavailable" },
        summary: "The release of shop/checkout has stood still for 40m 0s: MetricsUnavailable",
      },
    },
    {
      series: { [`sluice_rollout_paused_since_timestamp_seconds{${ROLLOUT},kind="Requested"}`]: "60+0x90" },
      at: "30m",
    },
  ],
  SluiceRunWaits: [
    {
      series: { [`sluice_rollout_phase{${ROLLOUT},phase="WaitingPromotion"}`]: "1+0x60" },
      every: "5m",
      at: "4h5m",
      fires: {
        labels: { ...CHECKOUT, phase: "WaitingPromotion" },
        summary: "The release of shop/checkout has been WaitingPromotion for four hours",
      },
    },
    {
      series: { [`sluice_rollout_phase{${ROLLOUT},phase="WaitingPromotion"}`]: "1+0x60" },
      every: "5m",
      at: "3h",
    },
    {
      series: { [`sluice_rollout_phase{${ROLLOUT},phase="Progressing"}`]: "1+0x60" },
      every: "5m",
      at: "4h5m",
    },
  ],
  SluiceRunStuck: [
    {
      series: { [`sluice_rollout_stage_started_timestamp_seconds{${ROLLOUT},stage="Promoting"}`]: "0+0x90" },
      at: "70m",
      fires: {
        labels: { ...CHECKOUT, stage: "Promoting" },
        summary: "The release of shop/checkout has been in stage Promoting for 1h 10m 0s",
      },
    },
    {
      series: { [`sluice_rollout_stage_started_timestamp_seconds{${ROLLOUT},stage="Step"}`]: "0+0x60" },
      every: "5m",
      at: "5h",
    },
    {
      series: { [`sluice_rollout_stage_started_timestamp_seconds{${ROLLOUT},stage="Promoting"}`]: "0+0x90" },
      at: "59m",
    },
  ],
  SluiceWeightsContested: [
    {
      series: { [`sluice_rollout_contested_repairs{${ROLLOUT}}`]: "1x10 2x5 4x5 5x30" },
      at: "30m",
      fires: {
        labels: CHECKOUT,
        summary: "Somebody else has changed the weights of shop/checkout 4 times within half an hour",
      },
    },
    { series: { [`sluice_rollout_contested_repairs{${ROLLOUT}}`]: "1x10 2x40" }, at: "30m" },
    // A fight that is over is not told of until the next release.
    { series: { [`sluice_rollout_contested_repairs{${ROLLOUT}}`]: "8x90" }, at: "60m" },
  ],
  SluiceNoLeader: [
    {
      series: { [`sluice_leader{${POD}}`]: "0x10", [`sluice_leader{${OTHER_POD}}`]: "0x10" },
      at: "3m",
      fires: { labels: JOB, summary: "No Sluice controller leads" },
    },
    { series: { [`sluice_leader{${POD}}`]: "0x10", [`sluice_leader{${OTHER_POD}}`]: "1x10" }, at: "3m" },
    // A take-over.
    {
      series: { [`sluice_leader{${POD}}`]: "1 0 0 0", [`sluice_leader{${OTHER_POD}}`]: "0 0 1 1" },
      at: "3m",
    },
    { series: { up: "1x10" }, at: "3m", fires: { labels: {}, summary: "No Sluice controller leads" } },
  ],
  SluiceMetricsSourceFailing: [
    {
      series: {
        [`sluice_metrics_source_queries_total{${POD},result="ok"}`]: "0+60x30",
        [`sluice_metrics_source_queries_total{${POD},result="timeout"}`]: "0+40x30",
      },
      at: "15m",
      fires: { labels: JOB, summary: "40% of the queries to Prometheus get no usable answer" },
    },
    {
      series: {
        [`sluice_metrics_source_queries_total{${POD},result="ok"}`]: "0+60x30",
        [`sluice_metrics_source_queries_total{${POD},result="cancelled"}`]: "0+40x30",
      },
      at: "15m",
    },
    // Nothing is released: nothing is asked.
    { series: { [`sluice_metrics_source_queries_total{${POD},result="timeout"}`]: "5x30" }, at: "15m" },
  ],
  SluiceNotificationsLost: [
    {
      series: { [`sluice_notifications_total{${POD},channel="slack",result="dropped"}`]: "0x5 15x20" },
      at: "15m",
      fires: {
        labels: { ...JOB, channel: "slack", result: "dropped" },
        summary: "Notifications to slack were dropped",
      },
    },
    {
      series: { [`sluice_notifications_total{${POD},channel="slack",result="dropped"}`]: "3x30" },
      at: "20m",
    },
    { series: { [`sluice_notifications_total{${POD},channel="slack",result="sent"}`]: "0+5x30" }, at: "20m" },
  ],
  SluiceQueueSlow: [
    {
      series: {
        [`sluice_queue_wait_seconds_bucket{${POD},le="5"}`]: "0x60",
        [`sluice_queue_wait_seconds_bucket{${POD},le="10"}`]: "0+60x60",
        [`sluice_queue_wait_seconds_bucket{${POD},le="+Inf"}`]: "0+60x60",
      },
      at: "20m",
      fires: { labels: JOB, summary: "Rollouts wait 9.95s for a worker (p99)" },
    },
    {
      series: {
        [`sluice_queue_wait_seconds_bucket{${POD},le="5"}`]: "0+60x60",
        [`sluice_queue_wait_seconds_bucket{${POD},le="+Inf"}`]: "0+60x60",
      },
      at: "20m",
    },
  ],
  SluiceApiErrors: [
    {
      series: {
        [`sluice_api_requests_total{${POD},verb="get",resource="pods",code="200"}`]: "0+90x60",
        [`sluice_api_requests_total{${POD},verb="update",resource="pods",code="503"}`]: "0+5x60",
        [`sluice_api_requests_total{${POD},verb="list",resource="pods",code="unreachable"}`]: "0+5x60",
      },
      at: "20m",
      fires: { labels: JOB, summary: "10% of the requests to the API server fail" },
    },
    {
      series: {
        [`sluice_api_requests_total{${POD},verb="get",resource="pods",code="200"}`]: "0+90x60",
        [`sluice_api_requests_total{${POD},verb="update",resource="pods",code="409"}`]: "0+50x60",
      },
      at: "20m",
    },
  ],
  SluiceWatchesFailing: [
    {
      series: { [`sluice_watches_failing{${POD}}`]: "0 1x30" },
      at: "20m",
      fires: { labels: LABELS_OF_POD, summary: "Watches on the API server fail or break again and again" },
    },
    {
      series: { [`sluice_watch_restarts_total{${POD},resource="pods",reason="failed"}`]: "0+1x60" },
      at: "40m",
      fires: {
        labels: { ...JOB, resource: "pods" },
        summary: "Watches on the API server fail or break again and again",
      },
    },
    { series: { [`sluice_watches_failing{${POD}}`]: "0 1 1 0 0 1 0 0x30" }, at: "20m" },
    {
      series: { [`sluice_watch_restarts_total{${POD},resource="pods",reason="ended"}`]: "0+1x60" },
      at: "40m",
    },
  ],
  SluiceEventLoopLag: [
    {
      series: { [`nodejs_eventloop_lag_p99_seconds{${POD}}`]: "0.75x30", [`sluice_leader{${POD}}`]: "1x30" },
      at: "15m",
      fires: { labels: LABELS_OF_POD, summary: "The controller is blocked for 750ms at a time (p99)" },
    },
    {
      series: { [`nodejs_eventloop_lag_p99_seconds{${POD}}`]: "0.02x30", [`sluice_leader{${POD}}`]: "1x30" },
      at: "15m",
    },
    // Somebody else's Node.js.
    { series: { 'nodejs_eventloop_lag_p99_seconds{job="shop",instance="10.0.0.9:80"}': "3x30" }, at: "15m" },
  ],
  SluiceMemoryNearLimit: [
    {
      series: {
        [`process_resident_memory_bytes{${POD}}`]: "480000000x30",
        [`sluice_memory_limit_bytes{${POD}}`]: "500000000x30",
      },
      at: "15m",
      fires: { labels: LABELS_OF_POD, summary: "The controller has 96% of the memory that it may have" },
    },
    {
      series: {
        [`process_resident_memory_bytes{${POD}}`]: "100000000x30",
        [`sluice_memory_limit_bytes{${POD}}`]: "500000000x30",
      },
      at: "15m",
    },
    { series: { [`process_resident_memory_bytes{${POD}}`]: "480000000x30" }, at: "15m" },
  ],
};

describe("alerts", () => {
  test.skipIf(isMissing)("are rules that Prometheus takes", () => {
    const said = execFileSync("promtool", ["check", "rules", ALERTS_FILE], { encoding: "utf8" });
    expect(said).toContain(`SUCCESS: ${ALERT_RULES.length} rules found`);
  });

  test.skipIf(isMissing)("fire when they should, and only then", () => {
    expect(playAlerts(STORIES)).toBe("");
    const wrong = { SluiceRollback: [{ ...STORIES["SluiceRollback"]![0], at: "30m" }] };
    expect(playAlerts(wrong)).toContain("FAILED");
  });

  test("all have stories of when they fire and when they do not", () => {
    expect(Object.keys(STORIES).toSorted()).toEqual(ALERT_RULES.map(({ alert }) => alert).toSorted());
    for (const stories of Object.values(STORIES)) {
      expect(stories[0].fires).toBeDefined();
      expect(stories.some(({ fires }) => fires === undefined)).toBe(true);
    }
  });

  describe.each(ALERT_RULES)("$alert", (rule) => {
    test("asks for metrics and labels that there are", () => {
      expect(unknownIn(metricsIn(rule.expr))).toEqual([]);
    });

    test("leads to a section of the runbooks that is about it", () => {
      const [, path = "", anchor = ""] =
        /\/blob\/main\/(docs\/\S+\.md)#(\S+)$/.exec(rule.annotations.runbook_url) ?? [];
      expect(anchor).toBe(rule.alert.toLowerCase());
      const section = new RegExp(`^## ${rule.alert}\\n(.+?)(?=^## |$(?![^]))`, "ms").exec(
        readFileSync(path, "utf8"),
      );
      expect(section?.[1]?.length ?? 0).toBeGreaterThan(300);
    });

    test("says how severe it is, what happened and what it means", () => {
      expect(["info", "warning", "critical"]).toContain(rule.labels.severity);
      expect(rule.annotations.summary.length).toBeGreaterThan(10);
      expect(rule.annotations.description).toMatch(/\.$/);
    });
  });
});
