import type { GroupOf } from "./label-groups.ts";

/** What an expression yields. */
export type ValueType = "scalar" | "vector" | "matrix" | "string";

/** Names as Prometheus' messages have them. */
export const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  scalar: "scalar",
  vector: "instant vector",
  matrix: "range vector",
  string: "string",
};

export type MatchOperator = "=" | "!=" | "=~" | "!~";

export interface Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
  /** Whether a label's value (empty: no such label) satisfies the matcher. */
  readonly matches: (value: string) => boolean;
}

/** `@` modifier: a fixed instant, or an end of the query's range. */
export type At = { readonly kind: "time"; readonly timeMs: number } | { readonly kind: "start" | "end" };

/** `offset` and `@`; each at most once per expression. */
export interface Shift {
  readonly offsetMs: number;
  readonly at: At | null;
}

export interface Selector extends Shift {
  readonly kind: "selector";
  readonly matchers: readonly Matcher[];
}

export interface MatrixSelector {
  readonly kind: "matrix";
  readonly selector: Selector;
  readonly rangeMs: number;
}

export interface Subquery extends Shift {
  readonly kind: "subquery";
  readonly inner: Expression;
  readonly rangeMs: number;
  /** Null: the server's default evaluation interval. */
  readonly stepMs: number | null;
}

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "^" | "atan2";
export type ComparisonOperator = "==" | "!=" | ">" | "<" | ">=" | "<=";
export type SetOperator = "and" | "or" | "unless";
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator;

/** How the two sides of a binary operation find each other. */
export interface Matching {
  readonly card: "one-to-one" | "many-to-one" | "one-to-many" | "many-to-many";
  /** Series of both sides that belong to each other have the same. */
  readonly groupOf: GroupOf;
  /** True: match on these labels alone; false: on all but these. */
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels copied from the "one" side: group_left(...), group_right(...). */
  readonly include: readonly string[];
}

export interface Binary {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  /** `bool`: 0 or 1 in place of filtering. */
  readonly bool: boolean;
  readonly matching: Matching;
}

export interface Aggregate {
  readonly kind: "aggregate";
  readonly operator: string;
  readonly inner: Expression;
  readonly parameter: Expression | null;
  readonly groupOf: GroupOf;
}

export interface Call {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Expression[];
}

export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "unary"; readonly inner: Expression }
  | { readonly kind: "paren"; readonly inner: Expression }
  | Selector
  | MatrixSelector
  | Subquery
  | Binary
  | Aggregate
  | Call;
