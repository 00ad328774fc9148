import { expect, test } from "vitest";
import { MetricsPage } from "../../../test/support/metrics-page.ts";
import type { RolloutStatus } from "../../api/status.ts";
import { VirtualClock } from "../../lib/virtual-clock.ts";
import { createOwnMetrics } from "./own-metrics.ts";
import { RunRecorder } from "./run-recorder.ts";

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1_000).toISOString();

function step(index: number, change: object = {}): RolloutStatus {
  const run = {
    id: 1,
    stage: "Step",
    stepIndex: index,
    stageSince: at(index * 100),
    positions: Array.from({ length: index + 1 }, (_, i) => ({ since: at(i * 100) })),
    spec: { analysis: {} },
    ...change,
  };
  return { phase: "Progressing", canaryWeight: 10, run } as unknown as RolloutStatus;
}

const ended = { id: 1, result: "Failed", reason: "Aborted", startedAt: at(0), finishedAt: at(400) };

function setUp() {
  const { own, registry } = createOwnMetrics({ flaggerMetrics: false });
  const recorder = new RunRecorder(new VirtualClock(), own.runs);
  const write = (...statuses: readonly RolloutStatus[]) => {
    for (const [index, status] of statuses.entries()) {
      if (index > 0) recorder.wrote(statuses[index - 1], status);
    }
  };
  const page = async () => new MetricsPage((await registry.expose()).text);
  return { recorder, write, page };
}

test("a status that is written again without a change counts nothing", async () => {
  const { write, page } = setUp();
  const history = [ended];
  const atRest = { phase: "Failed", canaryWeight: 0, history } as unknown as RolloutStatus;
  write(step(0), step(0), atRest, atRest);
  expect((await page()).get('sluice_runs_total{result="Failed",reason="Aborted"}')).toBe(1);
  expect((await page()).get('sluice_run_duration_seconds_sum{result="Failed"}')).toBe(400);
  expect((await page()).get('sluice_stage_duration_seconds_sum{stage="Step"}')).toBe(400);
});

test("a step is as long as it stood, also when a pause was ended in it", async () => {
  const { write, page } = setUp();
  write(step(0), step(0, { stageSince: at(60) }), step(1));
  expect((await page()).get('sluice_stage_duration_seconds_sum{stage="Step"}')).toBe(100);
  expect((await page()).get('sluice_stage_duration_seconds_count{stage="Step"}')).toBe(1);
});

test("a verdict is measured once for each step, from its beginning", async () => {
  const { write, page } = setUp();
  const pass = (seconds: number) => ({ verdict: { result: "pass", at: at(seconds) } });
  // The first step passes in the pass that leaves it, the second one half-way; what is refreshed later is no other verdict.
  write(step(0), step(1), step(1, pass(130)), step(1, pass(190)));
  expect((await page()).get('sluice_verdict_duration_seconds_count{result="pass"}')).toBe(2);
  expect((await page()).get('sluice_verdict_duration_seconds_sum{result="pass"}')).toBe(130);
});

test("a step that a person skipped has no verdict", async () => {
  const { write, page } = setUp();
  write(step(0, { skip: { position: 1, by: "ada", at: at(10) } }), step(1));
  expect((await page()).get('sluice_verdict_duration_seconds_count{result="pass"}')).toBeUndefined();
});

test("an analysis without an answer of the source is told apart from one that cannot decide", async () => {
  const { recorder, page } = setUp();
  recorder.judged(step(0, { verdict: { result: "inconclusive" } }));
  recorder.judged(step(0, { verdict: { result: "inconclusive" }, metricsDown: { since: at(0) } }));
  expect((await page()).get('sluice_analyses_total{result="inconclusive"}')).toBe(1);
  expect((await page()).get('sluice_analyses_total{result="unanswered"}')).toBe(1);
});
