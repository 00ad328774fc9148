import { expect, test } from "vitest";
import type { MetricDefinition } from "../../telemetry/metric-definition.ts";
import { FLAGGER_METRICS } from "./flagger-metrics.ts";
import { AREAS, createOwnMetrics } from "./own-metrics.ts";

const DEFINITIONS = Object.values(AREAS).flatMap((area): readonly MetricDefinition[] => Object.values(area));

test.each(DEFINITIONS)("$name is named as Prometheus' conventions say", ({ kind, name, labels, help }) => {
  expect(name).toMatch(/^sluice_[a-z]+(_[a-z]+)*$/);
  const isCounter = kind === "counter" || kind === "observableCounter";
  expect(name.endsWith("_total")).toBe(isCounter);
  expect(name).not.toMatch(/percent|millis|_ms\b|minutes|hours/);
  expect(help).toMatch(/\.$/);
  for (const label of Object.keys(labels)) expect(label).toMatch(/^[a-z_]+$/);
});

test("Flagger's names are there only when they are asked for", () => {
  const names = (flaggerMetrics: boolean) =>
    createOwnMetrics({ flaggerMetrics })
      .registry.describe()
      .map(({ name }) => name);
  const flagger = Object.values(FLAGGER_METRICS).map(({ name }) => name);
  expect(names(true)).toEqual(expect.arrayContaining(flagger));
  expect(names(false).filter((name) => name.startsWith("flagger_"))).toEqual([]);
});
