import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer } from "../../src/sim/prometheus/api.ts";
import { PROMETHEUS_2, PROMETHEUS_3 } from "../../src/sim/promql/dialect.ts";
import { DEFAULT_OPTIONS } from "../../src/sim/promql/evaluate.ts";
import { ParsedQueries } from "../../src/sim/promql/parsed-queries.ts";
import { awkwardSeries, END_MS, START_MS } from "../conformance/promql-data.ts";
import { expectSameAnswer, type Wire } from "../support/promql-answers.ts";
import { installedPrometheus, RealPrometheus } from "../support/real-prometheus.ts";

/** Instants at which every query is asked: within the data, at its very end, and after it. */
const INSTANTS_MS = [START_MS + 901_234, START_MS + 1_500_000, END_MS, END_MS + 200_000] as const;
const RANGE = { start: START_MS + 60_000, end: END_MS + 60_000, step: 97 };

const QUERIES = readFileSync(new URL("../conformance/promql-queries.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

const version = installedPrometheus();
if (version === null)
  console.log("skipped: the comparison with a real Prometheus needs `prometheus` in PATH");

describe.skipIf(version === null)("the embedded PromQL and a real Prometheus", () => {
  const store = awkwardSeries();
  const queries = new ParsedQueries();
  const options = { ...DEFAULT_OPTIONS, dialect: version === 2 ? PROMETHEUS_2 : PROMETHEUS_3 };
  let real: RealPrometheus;

  beforeAll(async () => {
    real = await RealPrometheus.start();
    await real.write([...store.all()]);
  });
  afterAll(() => real.stop());

  function embedded(path: string, params: Readonly<Record<string, string>>) {
    return answer(path, new URLSearchParams(params), { store, queries, nowMs: END_MS, options });
  }

  it("are compared on answers that are mostly not empty", () => {
    const isTelling = (query: string) => {
      const { body } = embedded("/api/v1/query", { query, time: String(INSTANTS_MS[1] / 1_000) });
      const result = (body as Wire).data?.result;
      return Array.isArray(result) && result.length > 0;
    };
    expect(QUERIES.filter(isTelling).length).toBeGreaterThan(160);
  });

  it.each(QUERIES)("agree on %s", async (query) => {
    for (const timeMs of INSTANTS_MS) {
      const params = { query, time: String(timeMs / 1_000) };
      expectSameAnswer(embedded("/api/v1/query", params), await real.get("/api/v1/query", params), query);
    }
    const params = {
      query,
      start: String(RANGE.start / 1_000),
      end: String(RANGE.end / 1_000),
      step: String(RANGE.step),
    };
    expectSameAnswer(
      embedded("/api/v1/query_range", params),
      await real.get("/api/v1/query_range", params),
      query,
    );
  });
});
