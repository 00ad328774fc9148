import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { rehearse } from "../../src/app/rehearsal.ts";
import { loadScenario } from "../../src/sim/scenario/load.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { openOtlpSpans } from "../../src/telemetry/otlp-spans.ts";
import { traceIdOf } from "../../src/telemetry/spans.ts";
import { OtlpCollector, type ReceivedSpan } from "../support/otlp-collector.ts";

/** The example with webhooks of every kind; its controller is killed at the first step, and another goes on. */
async function killedAtFirstStep(path: string): Promise<string> {
  const text = await readFile(path, "utf8");
  const kill = "  - { at: 5m, controller: kill }\n  - { at: 5m10s, controller: start }\n  - { at: 10m,";
  return text.replace("  - { at: 10m,", kill).replace(/^ {2}(webhookCalls|events): .*\n/gm, "");
}

async function receive(read: (path: string) => Promise<string>): Promise<OtlpCollector> {
  const collector = new OtlpCollector();
  const endpoint = await collector.listen();
  const resource = { "service.name": "sluice" };
  const spans = await openOtlpSpans({ endpoint, resource, logger: silentLogger });
  const loaded = await loadScenario("examples/gates/scenario.yaml", read);
  const result = await rehearse({ loaded, spans });
  expect(result.expectations).toBe("met");
  await spans.close();
  await collector.close();
  return collector;
}

function attributesOf({ attributes }: ReceivedSpan): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

test("a run is one trace, over a restart of the controller: stages and steps, below them queries, writes and webhooks", async () => {
  const { spans, requests } = await receive(killedAtFirstStep);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  expect(requests[0]?.resourceSpans[0]?.resource.attributes).toEqual([
    { key: "service.name", value: { stringValue: "sluice" } },
  ]);

  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  expect(roots.map(({ name }) => name)).toEqual(["release shop/checkout:v2"]);
  expect(attributesOf(roots[0]!)).toMatchObject({
    "k8s.namespace.name": "shop",
    "sluice.rollout": "checkout",
    "sluice.result": "Succeeded",
    "sluice.reason": "Promoted",
  });

  const stages = spans.filter(({ parentSpanId }) => parentSpanId === roots[0]?.spanId);
  expect(stages.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["Confirming", "Starting", "Step 1/2 at 10 %", "Step 2/2 at 50 %", "Finalising"]),
  );
  expect(new Set(stages.map(({ name }) => name)).size).toBe(stages.length);

  const places = new Map(stages.map((stage) => [stage.spanId, stage.name]));
  const pieces = spans.filter(({ parentSpanId }) => places.has(parentSpanId ?? ""));
  expect(pieces.length + stages.length + 1).toBe(spans.length);
  const at = (stage: string) =>
    new Set(pieces.filter((piece) => places.get(piece.parentSpanId ?? "") === stage).map(({ name }) => name));
  expect([...at("Confirming")]).toContain("webhook change-board");
  expect([...at("Step 1/2 at 10 %")]).toEqual(
    expect.arrayContaining(["evidence", "setTraffic", "writeStatus", "webhook load-test", "webhook on-call"]),
  );
  const board = pieces.filter(({ name }) => name === "webhook change-board").map(attributesOf);
  expect(board.at(-1)).toMatchObject({ "sluice.webhook.result": "yes" });
  for (const { startTimeUnixNano: start, endTimeUnixNano: end } of spans)
    expect(BigInt(end)).toBeGreaterThanOrEqual(BigInt(start));
}, 60_000);

describe("a collector", () => {
  const piece = (index: number) => ({
    traceId: traceIdOf("uid", 1),
    spanId: String(index).padStart(16, "0"),
    name: "piece",
    kind: "internal" as const,
    startMs: index,
    endMs: index + 1,
    attributes: {},
  });

  test("that refuses is told of once, not with every batch", async () => {
    const collector = new OtlpCollector();
    const lines: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => lines.push(message) };
    const endpoint = `${await collector.listen()}/elsewhere`;
    const spans = await openOtlpSpans({ endpoint, resource: {}, logger });
    for (let index = 0; index < 1_000; index++) spans.emit(piece(index));
    await spans.close();
    await collector.close();
    expect(lines).toEqual(["traces are lost"]);
  });

  test("that is too slow costs no more memory than 2,048 spans and a batch under way", async () => {
    const collector = new OtlpCollector();
    const endpoint = await collector.listen();
    const spans = await openOtlpSpans({ endpoint, resource: {}, logger: silentLogger });
    for (let index = 0; index < 5_000; index++) spans.emit(piece(index));
    await spans.close();
    await collector.close();
    expect(collector.spans.length).toBeLessThanOrEqual(2_048 + 256);
    expect(collector.spans.length).toBeGreaterThan(1_000);
  });
});
