import { expect } from "vitest";

/** Compares answers of Prometheus' query API. */

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface WireSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: unknown;
  readonly values?: readonly unknown[];
}

export interface Wire {
  readonly errorType?: string;
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: unknown };
}

/** Same status, and the same error in the same words or the same series with the same points. */
export function expectSameAnswer(ours: Answer, theirs: Answer, query: string): void {
  const [a, b] = [normal(ours, query), normal(theirs, query)];
  expect({ ...a, points: a.points.map(([at]) => at) }).toEqual({ ...b, points: b.points.map(([at]) => at) });
  a.points.forEach(([at, value], index) => {
    const other = b.points[index]?.[1] ?? "";
    if (!isClose(value, other)) expect(`${value} at ${at}`).toBe(`${other} at ${at}`);
  });
}

function normal({ status, body }: Answer, query: string) {
  const { errorType, data, error = "" } = body as Wire;
  if (data === undefined) {
    // Which requests name the parameter differs between versions.
    const words = error.replace('invalid parameter "query": ', "");
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
