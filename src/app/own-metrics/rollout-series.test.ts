import { expect, test } from "vitest";
import { MetricsPage } from "../../../test/support/metrics-page.ts";
import { aRollout } from "../../../test/support/rollout-objects.ts";
import type { Rollout } from "../../api/rollout.ts";
import type { RolloutStatus } from "../../api/status.ts";
import { createOwnMetrics } from "./own-metrics.ts";
import { showRollouts } from "./rollout-series.ts";

const PAUSED = {
  phase: "Progressing",
  canaryWeight: 25,
  contested: { by: "argocd-controller", count: 4, at: "2026-01-05T10:00:00Z" },
  run: { stage: "Step", stepIndex: 1, pause: { kind: "Requested", since: "2026-01-05T10:00:00Z" } },
} as unknown as RolloutStatus;

function named(name: string, status?: RolloutStatus): Rollout {
  const rollout = aRollout();
  const metadata = { ...rollout.metadata, name };
  return (status === undefined ? { ...rollout, metadata } : { ...rollout, metadata, status }) as Rollout;
}

async function pageOf(rollouts: readonly Rollout[], limit = 100): Promise<MetricsPage> {
  const { own, registry } = createOwnMetrics({ flaggerMetrics: false });
  const reader = { get: () => undefined, list: () => rollouts, by: () => [] };
  showRollouts(own.rollouts, { rollouts: reader, leads: () => true, limit });
  return new MetricsPage((await registry.expose()).text);
}

test("a run that stands still says why and since when, and who fights over its weights how often", async () => {
  const page = await pageOf([named("checkout", PAUSED)]);
  const labels = 'namespace="shop",name="checkout"';
  expect(page.get('sluice_rollouts_paused{kind="Requested"}')).toBe(1);
  expect(page.get(`sluice_rollout_paused_since_timestamp_seconds{${labels},kind="Requested"}`)).toBe(
    Date.parse("2026-01-05T10:00:00Z") / 1_000,
  );
  expect(page.get(`sluice_rollout_contested_repairs{${labels}}`)).toBe(4);
  expect(page.get(`sluice_rollout_step{${labels}}`)).toBe(2);
});

test("beyond the limit Rollouts have no series of their own, and those with a run have them first", async () => {
  const atRest: RolloutStatus = { phase: "Succeeded", canaryWeight: 0 };
  const page = await pageOf([named("a", atRest), named("b", atRest), named("c", PAUSED)], 2);
  const shown = page.of("sluice_rollout_phase").map((series) => /name="(.)"/.exec(series)?.[1]);
  expect(shown).toEqual(["c", "a"]);
  expect(page.get("sluice_rollouts_omitted")).toBe(1);
  expect(page.get('sluice_rollouts{phase="Succeeded"}')).toBe(2);
});

test("a Rollout that no pass has seen yet is counted, and has no phase", async () => {
  const page = await pageOf([named("new")]);
  expect(page.get('sluice_rollouts{phase=""}')).toBe(1);
  expect(page.of("sluice_rollout_phase")).toEqual([]);
});
