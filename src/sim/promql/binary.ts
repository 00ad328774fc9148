import type { BinaryOperator, Matching } from "./ast.ts";
import { ExecutionError } from "./errors.ts";
import type { Labels } from "./labels.ts";
import type { Sample } from "./value.ts";

/** Also the operators that drop the metric's name, since the result is another quantity. */
export const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
  // Go's Pow(1, NaN) is 1; JavaScript's is NaN. Likewise for Pow(-1, ±Inf).
  "^": (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b),
  atan2: Math.atan2,
};

export const COMPARISON: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
};

export const SET_OPERATORS: ReadonlySet<string> = new Set(["and", "or", "unless"]);

/** The result of `a operator b` for two scalars; comparisons give 0 or 1. */
export function scalarBinary(operator: BinaryOperator, a: number, b: number): number {
  const compare = COMPARISON[operator];
  if (compare !== undefined) return Number(compare(a, b));
  return ARITHMETIC[operator]?.(a, b) ?? Number.NaN;
}

/** `compute(value)` for each sample; null leaves the sample out. */
export function vectorScalar(
  samples: readonly Sample[],
  how: { readonly operator: BinaryOperator; readonly bool: boolean },
  sides: (value: number) => readonly [number, number],
): Sample[] {
  const compare = COMPARISON[how.operator];
  const result: Sample[] = [];
  for (const { labels, value } of samples) {
    const [a, b] = sides(value);
    if (compare === undefined || how.bool) {
      result.push({ labels: labels.nameless(), value: scalarBinary(how.operator, a, b) });
    } else if (compare(a, b)) result.push({ labels, value });
  }
  return result;
}

export interface VectorBinary {
  readonly operator: BinaryOperator;
  readonly bool: boolean;
  readonly matching: Matching;
}

export function setOperation(left: readonly Sample[], right: readonly Sample[], how: VectorBinary): Sample[] {
  const group = how.matching.groupOf;
  const present = new Set((how.operator === "or" ? left : right).map(({ labels }) => group(labels).key));
  switch (how.operator) {
    case "and":
      return left.filter(({ labels }) => present.has(group(labels).key));
    case "unless":
      return left.filter(({ labels }) => !present.has(group(labels).key));
    default:
      return [...left, ...right.filter(({ labels }) => !present.has(group(labels).key))];
  }
}

/** Arithmetic and comparison between vectors, with on/ignoring and group_left/group_right. */
export function vectorVector(left: readonly Sample[], right: readonly Sample[], how: VectorBinary): Sample[] {
  const { matching, operator } = how;
  const swapped = matching.card === "one-to-many";
  const [many, one] = swapped ? [right, left] : [left, right];
  const group = matching.groupOf;
  const partners = indexOne(one, group, swapped ? "left" : "right");
  const merged = resultLabels(how);
  const seen = new Map<string, Set<string>>();
  const result: Sample[] = [];
  for (const sample of many) {
    const { key } = group(sample.labels);
    const partner = partners.get(key);
    if (partner === undefined) continue;
    const [a, b] = swapped ? [partner.value, sample.value] : [sample.value, partner.value];
    const value = kept(operator, how.bool, a, b);
    if (value === null) continue;
    const labels = merged(sample.labels, partner.labels);
    refuseRepeats(seen, key, matching.card === "one-to-one" ? null : labels.key);
    result.push({ labels, value });
  }
  return result;
}

/** The value of the result, or null where a comparison filters it out. */
function kept(operator: BinaryOperator, bool: boolean, a: number, b: number): number | null {
  const compare = COMPARISON[operator];
  if (compare === undefined || bool) return scalarBinary(operator, a, b);
  return compare(a, b) ? a : null;
}

function indexOne(
  samples: readonly Sample[],
  group: (labels: Labels) => Labels,
  side: string,
): Map<string, Sample> {
  const index = new Map<string, Sample>();
  for (const sample of samples) {
    const labels = group(sample.labels);
    const other = index.get(labels.key);
    if (other !== undefined) {
      throw new ExecutionError(
        `found duplicate series for the match group ${labels} on the ${side} hand-side of the operation: ` +
          `[${sample.labels}, ${other.labels}];many-to-many matching not allowed: matching labels must be unique on one side`,
      );
    }
    index.set(labels.key, sample);
  }
  return index;
}

const NOTHING: Set<string> = new Set();

function refuseRepeats(seen: Map<string, Set<string>>, key: string, resultKey: string | null): void {
  const results = seen.get(key);
  if (results === undefined) {
    seen.set(key, resultKey === null ? NOTHING : new Set([resultKey]));
    return;
  }
  if (resultKey === null) {
    throw new ExecutionError(
      "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
    );
  }
  if (results.has(resultKey)) {
    throw new ExecutionError("multiple matches for labels: grouping labels must ensure unique matches");
  }
  results.add(resultKey);
}

/** Labels of the result: those of the "many" side, cut to the matching ones when it is one-to-one. */
function resultLabels({ operator, bool, matching }: VectorBinary): (many: Labels, one: Labels) => Labels {
  const dropsName = COMPARISON[operator] === undefined || bool;
  const names = new Set(matching.labels);
  return (many, one) => {
    let labels = dropsName ? many.nameless() : many;
    if (matching.card === "one-to-one" && (matching.on || names.size > 0)) {
      labels = matching.on ? labels.keep(names) : labels.drop(names);
    }
    for (const name of matching.include) labels = labels.with(name, one.get(name));
    return labels;
  };
}
