import type { Expression, ValueType } from "./ast.ts";
import type { Dialect } from "./dialect.ts";
import type { Sample, Value } from "./value.ts";
import type { Window } from "./window.ts";

export interface CallContext {
  /** When the expression is evaluated. */
  readonly nowMs: number;
  readonly dialect: Dialect;
  /** The arguments as written, for the few functions that look at them. */
  readonly args: readonly Expression[];
}

export interface FunctionDef {
  readonly args: readonly ValueType[];
  /** How many of the last arguments may be missing; Infinity: the last one may also be repeated. */
  readonly optional: number;
  readonly returns: ValueType;
  readonly call: (values: readonly Value[], context: CallContext) => Value;
}

export type FunctionTable = Readonly<Record<string, FunctionDef>>;

export function scalarOf(value: Value | undefined): number {
  return value?.type === "scalar" ? value.value : Number.NaN;
}

export function stringOf(value: Value | undefined): string {
  return value?.type === "string" ? value.value : "";
}

export function samplesOf(value: Value | undefined): readonly Sample[] {
  return value?.type === "vector" ? value.samples : [];
}

export function windowsOf(value: Value | undefined): readonly Window[] {
  return value?.type === "matrix" ? value.windows : [];
}

export function vector(samples: readonly Sample[]): Value {
  return { type: "vector", samples };
}

/** Applies `compute` to each value, dropping the metric's name, since the result is no longer that metric. */
export function mapSamples(value: Value | undefined, compute: (value: number) => number): Value {
  return vector(
    samplesOf(value).map((sample) => ({ labels: sample.labels.nameless(), value: compute(sample.value) })),
  );
}
