import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from "axios";
import { PrometheusDriver, type QueryResult } from "prometheus-query";
import type { Clock } from "../../lib/clock.ts";
import { type PrometheusAuth, secretsOf } from "./prometheus-auth.ts";
import { explainHttp, malformed, QueryFailure, type QueryResultKind } from "./query-failure.ts";
import { Slots } from "./slots.ts";

export interface QueryClientOptions {
  readonly clock: Clock;
  /** Base URL, without /api/v1. */
  readonly url: string;
  /** Asked before each request; rejects with QueryFailure. */
  readonly auth?: (() => Promise<PrometheusAuth>) | undefined;
  /** Prometheus is asked to give up after this, too. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  /** Queries under way at once; more wait. */
  readonly maxConcurrent: number;
  /** Replaces axios' transport, to reach an embedded Prometheus without sockets. */
  readonly adapter?: AxiosAdapter | undefined;
  /** Hears of every query, for metrics; `tookMs` is null for one that was not sent. Must not throw. */
  readonly onQuery?:
    | ((query: { readonly result: QueryResultKind; readonly tookMs: number | null }) => void)
    | undefined;
}

/** A range of rows: evaluation times from `fromMs` to `toMs`, both included. */
export interface Rows {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export interface ResultSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Row number, from 0, to value; NaN and infinities included. */
  readonly values: ReadonlyMap<number, number>;
}

/** Prometheus refuses more than 11,000 points a series. */
const MAX_ROWS = 10_000;

export function rowCount({ fromMs, toMs, stepMs }: Rows): number {
  return Math.floor((toMs - fromMs) / stepMs) + 1;
}

/** Runs PromQL queries through prometheus-query. Rejects with QueryFailure only. */
export class QueryClient {
  readonly #options: QueryClientOptions;
  readonly #slots: Slots;
  #sent = 0;

  constructor(options: QueryClientOptions) {
    this.#options = options;
    this.#slots = new Slots(options.maxConcurrent);
  }

  /** HTTP requests made so far. */
  get queriesSent(): number {
    return this.#sent;
  }

  /** The query's series over the rows: an instant query for one row, range queries for more. */
  async run(query: string, rows: Rows, signal: AbortSignal): Promise<readonly ResultSeries[]> {
    const count = rowCount(rows);
    const pages: ResultSeries[][] = [];
    for (let first = 0; first < count; first += MAX_ROWS) {
      const last = Math.min(count, first + MAX_ROWS) - 1;
      pages.push(await this.#page(query, rows, [first, last], signal));
    }
    return pages.length === 1 ? (pages[0] ?? []) : merged(pages.flat());
  }

  async #page(
    query: string,
    rows: Rows,
    range: readonly [number, number],
    signal: AbortSignal,
  ): Promise<ResultSeries[]> {
    const { clock, onQuery } = this.#options;
    let sentAt: number | null = null;
    const tell = (result: QueryResultKind) =>
      onQuery?.({ result, tookMs: sentAt === null ? null : clock.now() - sentAt });
    try {
      const answer = await this.#slots.use(signal, () => {
        sentAt = clock.now();
        return this.#send(query, rows, range, signal);
      });
      const series = seriesOf(answer, rows);
      tell("ok");
      return series;
    } catch (error) {
      tell(error instanceof QueryFailure ? error.kind : "unreachable");
      throw error;
    }
  }

  async #send(
    query: string,
    { fromMs, stepMs }: Rows,
    [first, last]: readonly [number, number],
    signal: AbortSignal,
  ): Promise<QueryResult> {
    const driver = this.#driver(signal, await this.#options.auth?.());
    this.#sent += 1;
    const timeout = `${Math.ceil(this.#options.timeoutMs)}ms`;
    const startMs = fromMs + first * stepMs;
    try {
      if (first === last) return await driver.instantQuery(query, startMs, timeout);
      return await driver.rangeQuery(query, startMs, fromMs + last * stepMs, stepMs / 1_000, timeout);
    } catch (error) {
      if (signal.aborted && signal.reason instanceof QueryFailure) throw signal.reason;
      throw explainHttp(originalOf(error));
    }
  }

  /** A driver of its own for each request, because its interceptor is the only way in for an AbortSignal. */
  #driver(signal: AbortSignal, auth: PrometheusAuth | undefined): PrometheusDriver {
    const { url, maxResponseBytes, adapter } = this.#options;
    return new PrometheusDriver({
      endpoint: url,
      // A GET with hundreds of workload names would exceed what proxies take as a URL.
      preferPost: true,
      ...(auth?.kind === "basic" ? { auth: { username: auth.username, password: auth.password } } : {}),
      ...(auth?.kind === "bearer" ? { headers: { Authorization: `Bearer ${auth.token}` } } : {}),
      requestInterceptor: {
        onFulfilled: (config: InternalAxiosRequestConfig) => ({
          ...config,
          signal,
          // The signal is the timeout: it runs on the injected clock and covers waiting for a slot.
          timeout: 0,
          maxRedirects: 0,
          maxContentLength: maxResponseBytes,
          ...(adapter === undefined ? {} : { adapter }),
        }),
      },
      responseInterceptor: {
        onFulfilled: accepted,
        onRejected: (error: unknown) => {
          throw explainHttp(error, secretsOf(auth));
        },
      },
    });
  }
}

/** prometheus-query wraps what was thrown below it. */
function originalOf(error: unknown): unknown {
  if (typeof error !== "object" || error === null || !("original" in error)) return error;
  return error.original ?? error;
}

/** Refuses answers that prometheus-query would stumble over, and spells infinities so that parseFloat reads them. */
function accepted(response: AxiosResponse): AxiosResponse {
  const body = response.data as { readonly status?: unknown; readonly data?: unknown } | null;
  const data = body?.data as { readonly resultType?: unknown; readonly result?: unknown } | undefined;
  if (typeof body !== "object" || body?.status !== "success" || !Array.isArray(data?.result))
    throw malformed();
  const result =
    data.resultType === "matrix" || data.resultType === "vector"
      ? data.result.map(readableSeries)
      : data.result;
  return { ...response, data: { ...body, data: { ...data, result } } };
}

function readableSeries(series: unknown): unknown {
  const { metric, value, values } = (series ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof metric !== "object" || metric === null) throw malformed();
  if (Array.isArray(values)) return { metric, values: values.map(readablePoint) };
  return { metric, value: readablePoint(value) };
}

const INFINITIES: Readonly<Record<string, string>> = { "+Inf": "Infinity", "-Inf": "-Infinity" };

function readablePoint(point: unknown): readonly [number, string] {
  if (!Array.isArray(point)) throw malformed();
  const [time, value] = point as readonly unknown[];
  if (typeof time !== "number" || typeof value !== "string") throw malformed();
  return [time, INFINITIES[value] ?? value];
}

interface WireSample {
  readonly time: Date;
  readonly value: number;
}

function seriesOf(result: QueryResult, rows: Rows): ResultSeries[] {
  switch (String(result.resultType)) {
    case "scalar": {
      const [time, value] = readablePoint(result.result);
      return [{ labels: {}, values: new Map([[rowOf(time * 1_000, rows), Number.parseFloat(value)]]) }];
    }
    case "vector":
    case "matrix":
      return result.result.map((series) => ({
        labels: labelsOf(series.metric),
        values: new Map(
          (series.values ?? [series.value]).map((sample: WireSample) => [
            rowOf(sample.time.getTime(), rows),
            sample.value,
          ]),
        ),
      }));
    default:
      throw new QueryFailure(`the query gives a ${String(result.resultType)}, want numbers`, "malformed");
  }
}

/** Times come back as rounded seconds: the nearest row is meant. */
function rowOf(timeMs: number, { fromMs, stepMs }: Rows): number {
  return Math.round((timeMs - fromMs) / stepMs);
}

/** Series with equal labels, from different parts of the range, as one. */
function merged(parts: readonly ResultSeries[]): ResultSeries[] {
  const found = new Map<string, { labels: ResultSeries["labels"]; values: Map<number, number> }>();
  for (const { labels, values } of parts) {
    const key = JSON.stringify(labels);
    const series = found.get(key) ?? { labels, values: new Map<number, number>() };
    found.set(key, series);
    for (const [row, value] of values) series.values.set(row, value);
  }
  return [...found.values()];
}

function labelsOf(metric: { readonly name?: string; readonly labels: object }): Record<string, string> {
  const labels = metric.labels as Record<string, string>;
  return metric.name === undefined ? labels : { ...labels, __name__: metric.name };
}
