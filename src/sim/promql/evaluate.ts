import { aggregate } from "./aggregate.ts";
import type {
  Aggregate,
  At,
  Binary,
  Call,
  Expression,
  Matcher,
  MatrixSelector,
  Selector,
  Shift,
  Subquery,
} from "./ast.ts";
import { SET_OPERATORS, scalarBinary, setOperation, vectorScalar, vectorVector } from "./binary.ts";
import { type Dialect, PROMETHEUS_3 } from "./dialect.ts";
import { ExecutionError } from "./errors.ts";
import { mapSamples, samplesOf, scalarOf, stringOf, vector } from "./function-def.ts";
import { FUNCTIONS } from "./functions.ts";
import type { Labels } from "./labels.ts";
import { countUpTo, type Queryable, type StoredSeries } from "./series.ts";
import type { Sample, Value } from "./value.ts";
import { Window } from "./window.ts";

export interface EvaluationOptions {
  /** How old a sample may be to stand for a series now. */
  readonly lookbackMs: number;
  /** Step of subqueries that name none. */
  readonly defaultStepMs: number;
  /** Samples that one query may look at. */
  readonly maxSamples: number;
  readonly dialect: Dialect;
}

export const DEFAULT_OPTIONS: EvaluationOptions = {
  lookbackMs: 300_000,
  defaultStepMs: 60_000,
  maxSamples: 50_000_000,
  dialect: PROMETHEUS_3,
};

/**
 * Evaluates one expression at any number of instants of one query. Series are selected once. Throws ExecutionError.
 */
export class Evaluator {
  readonly #source: Queryable;
  readonly #options: EvaluationOptions;
  readonly #range: { readonly startMs: number; readonly endMs: number };
  readonly #selected = new Map<readonly Matcher[], readonly StoredSeries[]>();
  #samplesSeen = 0;

  constructor(
    source: Queryable,
    range: { readonly startMs: number; readonly endMs: number },
    options: EvaluationOptions = DEFAULT_OPTIONS,
  ) {
    this.#source = source;
    this.#range = range;
    this.#options = options;
  }

  at(expression: Expression, nowMs: number): Value {
    switch (expression.kind) {
      case "number":
        return { type: "scalar", value: expression.value };
      case "string":
        return { type: "string", value: expression.value };
      case "paren":
        return this.at(expression.inner, nowMs);
      case "unary":
        return this.#negated(this.at(expression.inner, nowMs));
      case "selector":
        return vector(this.#instant(expression, nowMs));
      case "matrix":
        return this.#windows(expression, nowMs);
      case "subquery":
        return this.#subquery(expression, nowMs);
      case "binary":
        return this.#binary(expression, nowMs);
      case "aggregate":
        return this.#aggregate(expression, nowMs);
      case "call":
        return this.#call(expression, nowMs);
    }
  }

  #negated(value: Value): Value {
    if (value.type === "scalar") return { type: "scalar", value: -value.value };
    return unique(mapSamples(value, (x) => -x));
  }

  #instant(selector: Selector, nowMs: number): Sample[] {
    const endMs = this.#shifted(selector, nowMs);
    const oldest = endMs - this.#options.lookbackMs;
    const samples: Sample[] = [];
    for (const { labels, times, values, staleTimes } of this.#series(selector)) {
      const index = countUpTo(times, endMs) - 1;
      if (index < 0) continue;
      const timeMs = times[index] as number;
      if (this.#options.dialect.leftOpen ? timeMs <= oldest : timeMs < oldest) continue;
      const stale = countUpTo(staleTimes, endMs) - 1;
      if (stale >= 0 && (staleTimes[stale] as number) > timeMs) continue;
      samples.push({ labels, value: values[index] as number, timeMs });
    }
    this.#count(samples.length);
    return samples;
  }

  #windows(matrix: MatrixSelector, nowMs: number): Value {
    const endMs = this.#shifted(matrix.selector, nowMs);
    const startMs = endMs - matrix.rangeMs;
    const windows: Window[] = [];
    for (const { labels, times, values } of this.#series(matrix.selector)) {
      const from = countUpTo(times, this.#options.dialect.leftOpen ? startMs : startMs - 1);
      const to = countUpTo(times, endMs);
      if (from === to) continue;
      windows.push(new Window(labels, times, values, [from, to]));
      this.#count(to - from);
    }
    return { type: "matrix", windows, startMs, endMs };
  }

  /** The inner expression at every multiple of the step (of absolute time) within the range. */
  #subquery(subquery: Subquery, nowMs: number): Value {
    const stepMs = subquery.stepMs ?? this.#options.defaultStepMs;
    const endMs = this.#shifted(subquery, nowMs);
    const startMs = endMs - subquery.rangeMs;
    let first = Math.ceil(startMs / stepMs) * stepMs;
    if (first === startMs && this.#options.dialect.leftOpen) first += stepMs;
    const collected = new Map<string, { labels: Labels; times: number[]; values: number[] }>();
    for (let timeMs = first; timeMs <= endMs; timeMs += stepMs) {
      for (const { labels, value } of samplesOf(this.at(subquery.inner, timeMs))) {
        let window = collected.get(labels.key);
        if (window === undefined) {
          window = { labels, times: [], values: [] };
          collected.set(labels.key, window);
        }
        window.times.push(timeMs);
        window.values.push(value);
      }
    }
    const windows = [...collected.values()].map(
      ({ labels, times, values }) => new Window(labels, times, values),
    );
    return { type: "matrix", windows, startMs, endMs };
  }

  #binary(binary: Binary, nowMs: number): Value {
    const left = this.at(binary.left, nowMs);
    const right = this.at(binary.right, nowMs);
    const { operator } = binary;
    if (left.type === "scalar" && right.type === "scalar") {
      return { type: "scalar", value: scalarBinary(operator, left.value, right.value) };
    }
    if (left.type === "scalar") {
      return unique(vector(vectorScalar(samplesOf(right), binary, (value) => [left.value, value])));
    }
    if (right.type === "scalar") {
      return unique(vector(vectorScalar(samplesOf(left), binary, (value) => [value, right.value])));
    }
    const combine = SET_OPERATORS.has(operator) ? setOperation : vectorVector;
    return vector(combine(samplesOf(left), samplesOf(right), binary));
  }

  #aggregate(expression: Aggregate, nowMs: number): Value {
    const parameter = expression.parameter === null ? null : this.at(expression.parameter, nowMs);
    const samples = samplesOf(this.at(expression.inner, nowMs));
    return vector(
      aggregate(samples, {
        operator: expression.operator,
        groupOf: expression.groupOf,
        parameter: parameter?.type === "string" ? stringOf(parameter) : scalarOf(parameter ?? undefined),
      }),
    );
  }

  #call(call: Call, nowMs: number): Value {
    const definition = FUNCTIONS[call.name];
    if (definition === undefined) throw new ExecutionError(`unknown function with name "${call.name}"`);
    const args = call.args.map((arg) => this.at(arg, nowMs));
    return unique(definition.call(args, { nowMs, dialect: this.#options.dialect, args: call.args }));
  }

  #series({ matchers }: Selector): readonly StoredSeries[] {
    let series = this.#selected.get(matchers);
    if (series === undefined) {
      series = this.#source.select(matchers);
      this.#selected.set(matchers, series);
    }
    return series;
  }

  #shifted({ at, offsetMs }: Shift, nowMs: number): number {
    return this.#anchor(at, nowMs) - offsetMs;
  }

  #anchor(at: At | null, nowMs: number): number {
    if (at === null) return nowMs;
    if (at.kind === "time") return at.timeMs;
    return at.kind === "start" ? this.#range.startMs : this.#range.endMs;
  }

  #count(samples: number): void {
    this.#samplesSeen += samples;
    if (this.#samplesSeen > this.#options.maxSamples) {
      throw new ExecutionError("query processing would load too many samples into memory in query execution");
    }
  }
}

/** Dropping a label may have made two series one; Prometheus refuses that. */
function unique(value: Value): Value {
  if (value.type !== "vector" || value.samples.length < 2) return value;
  const keys = new Set(value.samples.map(({ labels }) => labels.key));
  if (keys.size === value.samples.length) return value;
  throw new ExecutionError("vector cannot contain metrics with the same labelset");
}
