import { ExecutionError } from "./errors.ts";
import type { Labels } from "./labels.ts";
import { formatFloat } from "./number-text.ts";
import { compareNumbers, quantileOf } from "./quantile.ts";
import { mean, sum, variance } from "./summation.ts";
import type { Sample } from "./value.ts";

/** One number from the values of a group, which is never empty. */
export const REDUCERS: Readonly<Record<string, (values: readonly number[], parameter: number) => number>> = {
  sum: (values) => sum(values),
  avg: (values) => mean(values),
  count: (values) => values.length,
  min: (values) => values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a)),
  max: (values) => values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a)),
  group: () => 1,
  stdvar: (values) => variance(values),
  stddev: (values) => Math.sqrt(variance(values)),
  quantile: (values, q) => quantileOf(q, values),
};

/** Picks whole samples, with all their labels, out of each group; NaN is picked last. */
export const PICKERS: Readonly<Record<string, (a: number, b: number) => number>> = {
  topk: (a, b) => compareNumbers(b, a),
  bottomk: (a, b) => Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || compareNumbers(a, b),
};

/** What stands before the vector in parentheses: topk(3, x), count_values("v", x). */
export const PARAMETER_TYPES: Readonly<Record<string, "scalar" | "string">> = {
  topk: "scalar",
  bottomk: "scalar",
  quantile: "scalar",
  count_values: "string",
};

export interface Grouping {
  readonly operator: string;
  /** The labels of a sample's group. */
  readonly groupOf: (labels: Labels) => Labels;
  readonly parameter: number | string | null;
}

/** Evaluates `operator by/without (...) (parameter, samples)` at one instant. */
export function aggregate(samples: readonly Sample[], how: Grouping): Sample[] {
  if (how.operator === "count_values") return countValues(samples, how);
  const groups = new Map<string, { labels: Labels; members: Sample[] }>();
  for (const sample of samples) {
    const labels = how.groupOf(sample.labels);
    const group = groups.get(labels.key);
    if (group === undefined) groups.set(labels.key, { labels, members: [sample] });
    else group.members.push(sample);
  }
  const parameter = typeof how.parameter === "number" ? how.parameter : Number.NaN;
  const order = PICKERS[how.operator];
  if (order !== undefined) {
    const size = wholeNumber(parameter);
    return [...groups.values()].flatMap(({ members }) =>
      members.toSorted((a, b) => order(a.value, b.value)).slice(0, size),
    );
  }
  const reduce = REDUCERS[how.operator];
  if (reduce === undefined) throw new ExecutionError(`unknown aggregation ${how.operator}`);
  return [...groups.values()].map(({ labels, members }) => ({
    labels,
    value: reduce(
      members.map((member) => member.value),
      parameter,
    ),
  }));
}

/** How many series topk and bottomk keep. */
function wholeNumber(parameter: number): number {
  if (Number.isNaN(parameter) || Math.abs(parameter) >= 2 ** 63) {
    throw new ExecutionError(`Scalar value ${formatFloat(parameter)} overflows int64`);
  }
  return Math.max(0, Math.trunc(parameter));
}

function countValues(samples: readonly Sample[], how: Grouping): Sample[] {
  const label = String(how.parameter ?? "");
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label))
    throw new ExecutionError(`invalid label name ${JSON.stringify(label)}`);
  const counts = new Map<string, { labels: Labels; count: number }>();
  for (const sample of samples) {
    const labels = how.groupOf(sample.labels).with(label, formatFloat(sample.value));
    const entry = counts.get(labels.key) ?? { labels, count: 0 };
    counts.set(labels.key, entry);
    entry.count += 1;
  }
  return [...counts.values()].map(({ labels, count }) => ({ labels, value: count }));
}
