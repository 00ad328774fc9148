import { type Expression, TYPE_NAMES } from "./ast.ts";
import { typeOf } from "./check.ts";
import { ExecutionError, ParseError } from "./errors.ts";
import { DEFAULT_OPTIONS, type EvaluationOptions, Evaluator } from "./evaluate.ts";
import { compareLabels, Labels } from "./labels.ts";
import type { Queryable } from "./series.ts";
import type { Series, Value } from "./value.ts";

/** Evaluates an expression at one instant. A vector comes in no particular order, but for sort and topk. */
export function instantQuery(
  source: Queryable,
  expression: Expression,
  timeMs: number,
  options: EvaluationOptions = DEFAULT_OPTIONS,
): Value {
  return new Evaluator(source, { startMs: timeMs, endMs: timeMs }, options).at(expression, timeMs);
}

export interface QueryRange {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** Evaluates an expression at every step of a range: one series per label set, sorted by labels. */
export function rangeQuery(
  source: Queryable,
  expression: Expression,
  range: QueryRange,
  options: EvaluationOptions = DEFAULT_OPTIONS,
): Series[] {
  const type = typeOf(expression);
  if (type !== "scalar" && type !== "vector") {
    throw new ParseError(
      `invalid expression type "${TYPE_NAMES[type]}" for range query, must be Scalar or instant Vector`,
    );
  }
  const evaluator = new Evaluator(source, range, options);
  const found = new Map<string, { labels: Labels; points: [number, number][] }>();
  const add = (labels: Labels, timeMs: number, value: number) => {
    const series = found.get(labels.key) ?? { labels, points: [] };
    found.set(labels.key, series);
    if (series.points.at(-1)?.[0] === timeMs) {
      throw new ExecutionError("vector cannot contain metrics with the same labelset");
    }
    series.points.push([timeMs, value]);
  };
  for (let timeMs = range.startMs; timeMs <= range.endMs; timeMs += range.stepMs) {
    const value = evaluator.at(expression, timeMs);
    if (value.type === "scalar") add(Labels.empty, timeMs, value.value);
    if (value.type === "vector") for (const sample of value.samples) add(sample.labels, timeMs, sample.value);
  }
  return [...found.values()].sort((a, b) => compareLabels(a.labels, b.labels));
}
