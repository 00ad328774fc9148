import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { answer } from "../../src/sim/prometheus/api.ts";
import { ParsedQueries } from "../../src/sim/promql/parsed-queries.ts";
import { type Answer, expectSameAnswer } from "../support/promql-answers.ts";
import { awkwardSeries, END_MS } from "./promql-data.ts";

interface Recording {
  readonly instantsMs: readonly number[];
  readonly queries: readonly { readonly query: string; readonly answers: readonly Answer[] }[];
}

const recording = JSON.parse(
  readFileSync(new URL("../fixtures/promql-3.5-answers.json", import.meta.url), "utf8"),
) as Recording;

describe("the embedded PromQL gives what Prometheus 3.5 gave", () => {
  const store = awkwardSeries();
  const queries = new ParsedQueries();

  it.each(recording.queries)("for $query", ({ query, answers }) => {
    recording.instantsMs.forEach((timeMs, index) => {
      const params = new URLSearchParams({ query, time: String(timeMs / 1_000) });
      const ours = answer("/api/v1/query", params, { store, queries, nowMs: END_MS });
      expectSameAnswer(ours, answers[index] as Answer, query);
    });
  });
});
