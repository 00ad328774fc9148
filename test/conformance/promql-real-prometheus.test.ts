import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer } from "../../src/sim/prometheus/api.ts";
import { PROMETHEUS_2, PROMETHEUS_3 } from "../../src/sim/promql/dialect.ts";
import { DEFAULT_OPTIONS } from "../../src/sim/promql/evaluate.ts";
import { installedPrometheus, RealPrometheus } from "../support/real-prometheus.ts";
import { awkwardSeries, END_MS, START_MS } from "./promql-data.ts";

/** Instants at which every query is asked: within the data, at its very end, and after it. */
const INSTANTS_MS = [START_MS + 901_234, START_MS + 1_500_000, END_MS, END_MS + 200_000] as const;
const RANGE = { start: START_MS + 60_000, end: END_MS + 60_000, step: 97 };

const QUERIES = readFileSync(new URL("promql-queries.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

const version = installedPrometheus();
if (version === null)
  console.log("skipped: the comparison with a real Prometheus needs `prometheus` in PATH");

describe.skipIf(version === null)("the embedded PromQL and a real Prometheus", () => {
  const store = awkwardSeries();
  const options = { ...DEFAULT_OPTIONS, dialect: version === 2 ? PROMETHEUS_2 : PROMETHEUS_3 };
  let real: RealPrometheus;

  beforeAll(async () => {
    real = await RealPrometheus.start();
    await real.write([...store.all()]);
  });
  afterAll(() => real.stop());

  function embedded(path: string, params: Readonly<Record<string, string>>) {
    return answer(path, new URLSearchParams(params), { store, nowMs: END_MS, options });
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
      expectSame(embedded("/api/v1/query", params), await real.get("/api/v1/query", params), query);
    }
    const params = {
      query,
      start: String(RANGE.start / 1_000),
      end: String(RANGE.end / 1_000),
      step: String(RANGE.step),
    };
    expectSame(embedded("/api/v1/query_range", params), await real.get("/api/v1/query_range", params), query);
  });
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface WireSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: unknown;
  readonly values?: readonly unknown[];
}

interface Wire {
  readonly errorType?: string;
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: unknown };
}

/** Same status, and the same error in the same words or the same series with the same points. */
function expectSame(ours: Answer, theirs: Answer, query: string): void {
  const [a, b] = [normal(ours, query), normal(theirs, query)];
  expect({ ...a, points: a.points.map(([at]) => at) }).toEqual({ ...b, points: b.points.map(([at]) => at) });
  a.points.forEach(([at, value], index) => {
    const other = b.points[index]?.[1] ?? "";
    if (!isClose(value, other)) expect(`${value} at ${at}`).toBe(`${other} at ${at}`);
  });
}

/** Versions 2 and 3 word some errors differently; ours were written down from 2.42. */
const COMPARES_WORDS = version === 2;

function normal({ status, body }: Answer, query: string) {
  const { errorType, data, error = "" } = body as Wire;
  if (data === undefined) {
    const words = COMPARES_WORDS ? error.replace('invalid parameter "query": ', "") : "";
    return { status, type: errorType, words, points: [] };
  }
  return { status, type: data.resultType, words: "", points: pointsOf(data, query) };
}

type Point = readonly [at: string, value: string];

/** Every point, with its series and time as one text, in an order that does not depend on the server. */
function pointsOf({ resultType, result }: NonNullable<Wire["data"]>, query: string): Point[] {
  if (resultType !== "vector" && resultType !== "matrix") return [point("", result)];
  const points = (result as readonly WireSeries[]).map(({ metric, value, values }) => {
    const labels = JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
    return (values ?? [value]).map((one) => point(labels, one));
  });
  const isOrdered = resultType === "vector" && query.startsWith("sort");
  const key = (list: readonly Point[]) => list[0]?.[0] ?? "";
  return (isOrdered ? points : points.sort((a, b) => (key(a) < key(b) ? -1 : 1))).flat();
}

function point(labels: string, given: unknown): Point {
  const [time, value] = given as readonly [number, string];
  return [`${labels} ${time}`, value];
}

/** To nine digits: the order of summation is nobody's promise. */
function isClose(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [Number(a), Number(b)];
  return a !== "" && Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y), 1e-3);
}
