import { describe, expect, it } from "vitest";
import { Labels } from "../promql/labels.ts";
import { ParsedQueries } from "../promql/parsed-queries.ts";
import { answer } from "./api.ts";
import { SeriesStore } from "./series-store.ts";

const NOW_MS = 1_700_000_000_000;

type Params = Readonly<Record<string, string | readonly string[]>>;

function ask(path: string, params: Params = {}) {
  const store = new SeriesStore();
  for (const [pod, value] of [
    ["a", 1],
    ["b", Number.POSITIVE_INFINITY],
  ] as const) {
    store.append(Labels.of({ __name__: "m", pod }), NOW_MS - 1_500, value);
  }
  store.append(Labels.of({ __name__: "other", zone: "x" }), NOW_MS - 1_500, 2);
  const search = new URLSearchParams();
  for (const [name, values] of Object.entries(params)) {
    for (const value of [values].flat()) search.append(name, value);
  }
  return answer(path, search, { store, queries: new ParsedQueries(), nowMs: NOW_MS });
}

describe("Prometheus' HTTP API", () => {
  it("gives vectors with numbers as text", () => {
    expect(ask("/api/v1/query", { query: "m" })).toEqual({
      status: 200,
      body: {
        status: "success",
        data: {
          resultType: "vector",
          result: [
            { metric: { __name__: "m", pod: "a" }, value: [1_700_000_000, "1"] },
            { metric: { __name__: "m", pod: "b" }, value: [1_700_000_000, "+Inf"] },
          ],
        },
      },
    });
  });

  it("gives matrices with the times of the steps", () => {
    const params = { query: "sum(other)", start: "1699999999", end: "1700000000", step: "0.5" };
    expect(ask("/api/v1/query_range", params).body).toMatchObject({
      data: {
        resultType: "matrix",
        result: [
          {
            metric: {},
            values: [
              [1_699_999_999, "2"],
              [1_699_999_999.5, "2"],
              [1_700_000_000, "2"],
            ],
          },
        ],
      },
    });
  });

  it("lists series, label names and label values", () => {
    const data = (path: string, params?: Params) => (ask(path, params).body as { data: unknown }).data;
    expect(data("/api/v1/labels")).toEqual(["__name__", "pod", "zone"]);
    expect(data("/api/v1/label/pod/values")).toEqual(["a", "b"]);
    expect(data("/api/v1/label/__name__/values", { "match[]": '{zone="x"}' })).toEqual(["other"]);
    expect(data("/api/v1/series", { "match[]": ['m{pod="a"}', "other"] })).toEqual([
      { __name__: "m", pod: "a" },
      { __name__: "other", zone: "x" },
    ]);
  });

  it.each([
    [
      "no expression",
      "query",
      {},
      400,
      'invalid parameter "query": unknown position: parse error: no expression found in input',
    ],
    [
      "a malformed time",
      "query",
      { query: "m", time: "now" },
      400,
      'invalid parameter "time": cannot parse "now" to a valid timestamp',
    ],
    [
      "no step",
      "query_range",
      { query: "m", start: "0", end: "1" },
      400,
      'invalid parameter "step": cannot parse "" to a valid duration',
    ],
    [
      "a step of zero",
      "query_range",
      { query: "m", start: "0", end: "1", step: "0" },
      400,
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ],
    [
      "an end before the start",
      "query_range",
      { query: "m", start: "2", end: "1", step: "1" },
      400,
      'invalid parameter "end": end timestamp must not be before start time',
    ],
    [
      "too many points",
      "query_range",
      { query: "m", start: "0", end: "11001", step: "1" },
      400,
      "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    ],
    ["no selector", "series", {}, 400, "no match[] parameter provided"],
    [
      "a match that is no selector",
      "labels",
      { "match[]": "1+1" },
      400,
      'invalid parameter "match[]": 1:1: parse error: want a series selector, got 1+1',
    ],
    [
      "an ambiguous match",
      "query",
      { query: "m * on() m" },
      422,
      'found duplicate series for the match group {} on the right hand-side of the operation: [{__name__="m", pod="b"}, {__name__="m", pod="a"}];many-to-many matching not allowed: matching labels must be unique on one side',
    ],
  ] as const)("refuses %s", (_, path, params, status, error) => {
    const errorType = status === 400 ? "bad_data" : "execution";
    expect(ask(`/api/v1/${path}`, params)).toEqual({ status, body: { status: "error", errorType, error } });
  });

  it("takes exactly 11,000 steps", () => {
    expect(ask("/api/v1/query_range", { query: "1", start: "0", end: "11000", step: "1" }).status).toBe(200);
  });

  it("tells that it is healthy, what it is, and what it does not have", () => {
    expect(ask("/-/healthy")).toEqual({ status: 200, body: "Prometheus Server is Healthy.\n" });
    expect(ask("/api/v1/status/buildinfo").body).toMatchObject({ data: { version: "3.5.0" } });
    expect(ask("/api/v1/rules").status).toBe(404);
    expect(ask("/metrics").status).toBe(404);
  });
});
