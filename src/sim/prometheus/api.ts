import { ExecutionError, ParseError } from "../promql/errors.ts";
import { DEFAULT_OPTIONS, type EvaluationOptions } from "../promql/evaluate.ts";
import { compareLabels, compareText } from "../promql/labels.ts";
import { formatFloat } from "../promql/number-text.ts";
import { parseSelector } from "../promql/parse.ts";
import type { ParsedQueries } from "../promql/parsed-queries.ts";
import { instantQuery, rangeQuery } from "../promql/query.ts";
import type { StoredSeries } from "../promql/series.ts";
import type { Sample, Value } from "../promql/value.ts";
import { ApiFailure, optionalTime, positiveDuration, required, timeParameter } from "./parameters.ts";
import type { SeriesStore } from "./series-store.ts";

export interface ApiAnswer {
  readonly status: number;
  /** A JSON value, or plain text. */
  readonly body: unknown;
}

export interface ApiContext {
  readonly store: SeriesStore;
  readonly queries: ParsedQueries;
  readonly nowMs: number;
  readonly options?: EvaluationOptions;
}

type Endpoint = (params: URLSearchParams, context: ApiContext, path: string) => unknown;

/** Points that one series of a range query may have. */
const MAX_POINTS = 11_000;

const API = "/api/v1/";
const LABEL_VALUES = /^label\/([^/]+)\/values$/;

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  query: instant,
  query_range: range,
  series: (params, context) =>
    matching(params, context, { required: true }).map(({ labels }) => labels.toObject()),
  labels: (params, context) => {
    const names = matching(params, context).flatMap(({ labels }) => labels.pairs.map(([name]) => name));
    return [...new Set(names)].sort(compareText);
  },
  "status/buildinfo": () => ({
    version: "3.5.0",
    revision: "embedded",
    branch: "sluice",
    buildUser: "",
    buildDate: "",
    goVersion: "",
  }),
};

const HEALTH: Readonly<Record<string, string>> = {
  "/-/healthy": "Prometheus Server is Healthy.\n",
  "/-/ready": "Prometheus Server is Ready.\n",
};

/** Answers one request of Prometheus' HTTP API, in its formats and with its errors. Pure but for reading the store. */
export function answer(path: string, params: URLSearchParams, context: ApiContext): ApiAnswer {
  const health = HEALTH[path];
  if (health !== undefined) return { status: 200, body: health };
  if (!path.startsWith(API)) return { status: 404, body: "404 page not found\n" };
  const name = path.slice(API.length);
  const endpoint = ENDPOINTS[name] ?? (LABEL_VALUES.test(name) ? labelValues : undefined);
  if (endpoint === undefined) return { status: 404, body: "404 page not found\n" };
  try {
    return { status: 200, body: { status: "success", data: endpoint(params, context, name) } };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): ApiAnswer {
  const of = (status: number, errorType: string, message: string): ApiAnswer => ({
    status,
    body: { status: "error", errorType, error: message },
  });
  if (error instanceof ApiFailure) return of(400, "bad_data", error.message);
  if (error instanceof ParseError) return of(400, "bad_data", `invalid parameter "query": ${error.message}`);
  if (error instanceof ExecutionError) return of(422, "execution", error.message);
  throw error;
}

function instant(params: URLSearchParams, context: ApiContext): unknown {
  const timeMs = optionalTime(params, "time") ?? context.nowMs;
  checkTimeout(params);
  const value = instantQuery(
    context.store,
    context.queries.expression(required(params, "query")),
    timeMs,
    options(context),
  );
  return { resultType: value.type, result: resultOf(value, timeMs) };
}

function range(params: URLSearchParams, context: ApiContext): unknown {
  const startMs = timeParameter(params, "start");
  const endMs = timeParameter(params, "end");
  if (endMs < startMs) {
    throw new ApiFailure('invalid parameter "end": end timestamp must not be before start time');
  }
  const stepMs = positiveDuration(params, "step");
  if ((endMs - startMs) / stepMs > MAX_POINTS) {
    throw new ApiFailure(
      "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    );
  }
  checkTimeout(params);
  const expression = context.queries.expression(required(params, "query"));
  const series = rangeQuery(context.store, expression, { startMs, endMs, stepMs }, options(context));
  const result = series.map(({ labels, points }) => ({
    metric: labels.toObject(),
    values: points.map(([timeMs, value]) => [timeMs / 1_000, formatFloat(value)]),
  }));
  return { resultType: "matrix", result };
}

function resultOf(value: Value, timeMs: number): unknown {
  switch (value.type) {
    case "scalar":
      return [timeMs / 1_000, formatFloat(value.value)];
    case "string":
      return [timeMs / 1_000, value.value];
    case "vector":
      return value.samples.map((sample: Sample) => ({
        metric: sample.labels.toObject(),
        value: [timeMs / 1_000, formatFloat(sample.value)],
      }));
    case "matrix":
      return [...value.windows]
        .sort((a, b) => compareLabels(a.labels, b.labels))
        .map(({ labels, times, values }) => ({
          metric: labels.toObject(),
          values: times.map((time, index) => [time / 1_000, formatFloat(values[index] ?? Number.NaN)]),
        }));
  }
}

function labelValues(params: URLSearchParams, context: ApiContext, path: string): unknown {
  const name = decodeURIComponent(LABEL_VALUES.exec(path)?.[1] ?? "");
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
    throw new ApiFailure(`invalid label name: ${JSON.stringify(name)}`);
  const values = matching(params, context).map(({ labels }) => labels.get(name));
  return [...new Set(values)].filter((value) => value !== "").sort(compareText);
}

/** The series that any `match[]` selects (all without one) and that have samples between `start` and `end`. */
function matching(
  params: URLSearchParams,
  { store }: ApiContext,
  want: { readonly required: boolean } = { required: false },
): StoredSeries[] {
  const selectors = params.getAll("match[]");
  if (want.required && selectors.length === 0) throw new ApiFailure("no match[] parameter provided");
  const startMs = optionalTime(params, "start") ?? Number.NEGATIVE_INFINITY;
  const endMs = optionalTime(params, "end") ?? Number.POSITIVE_INFINITY;
  const found = new Set(
    selectors.length === 0 ? store.all() : selectors.flatMap((text) => store.select(matchersOf(text))),
  );
  const inTime = ({ times }: StoredSeries) => (times[0] ?? 0) <= endMs && (times.at(-1) ?? 0) >= startMs;
  return [...found].filter(inTime).sort((a, b) => compareLabels(a.labels, b.labels));
}

function matchersOf(text: string): ReturnType<typeof parseSelector> {
  try {
    return parseSelector(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new ApiFailure(`invalid parameter "match[]": ${error.message}`);
  }
}

/** Queries here take no time, but a malformed timeout is refused all the same. */
function checkTimeout(params: URLSearchParams): void {
  if (params.get("timeout") !== null) positiveDuration(params, "timeout");
}

function options({ options: given }: ApiContext): EvaluationOptions {
  return given ?? DEFAULT_OPTIONS;
}
