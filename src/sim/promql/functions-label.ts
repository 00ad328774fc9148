import type { Expression, Matcher } from "./ast.ts";
import type { Dialect } from "./dialect.ts";
import { ExecutionError, ParseError } from "./errors.ts";
import { type FunctionTable, samplesOf, scalarOf, stringOf, vector, windowsOf } from "./function-def.ts";
import { Labels as LabelSet, type Labels, METRIC_NAME } from "./labels.ts";
import { parseFloatText } from "./number-text.ts";
import { type Bucket, bucketQuantile, compareNumbers } from "./quantile.ts";
import { anchoredRegExp } from "./regexp.ts";
import type { Value } from "./value.ts";

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Functions that look at, or make, whole sets of series. */
export const LABEL_FUNCTIONS: FunctionTable = {
  absent: {
    args: ["vector"],
    optional: 0,
    returns: "vector",
    call: ([value], { args }) => absence(samplesOf(value).length === 0, args[0]),
  },
  absent_over_time: {
    args: ["matrix"],
    optional: 0,
    returns: "vector",
    call: ([value], { args }) => absence(windowsOf(value).length === 0, args[0]),
  },
  scalar: {
    args: ["vector"],
    optional: 0,
    returns: "scalar",
    call: ([value]) => {
      const samples = samplesOf(value);
      return { type: "scalar", value: samples.length === 1 ? (samples[0]?.value ?? Number.NaN) : Number.NaN };
    },
  },
  vector: {
    args: ["scalar"],
    optional: 0,
    returns: "vector",
    call: ([value]) => vector([{ labels: LabelSet.empty, value: scalarOf(value) }]),
  },
  sort: { args: ["vector"], optional: 0, returns: "vector", call: ([value]) => sorted(value, 1) },
  sort_desc: { args: ["vector"], optional: 0, returns: "vector", call: ([value]) => sorted(value, -1) },
  label_replace: {
    args: ["vector", "string", "string", "string", "string"],
    optional: 0,
    returns: "vector",
    call: ([value, target, replacement, source, pattern], { dialect }) =>
      labelReplace(value, {
        target: labelName(stringOf(target), "label_replace", dialect),
        replacement: stringOf(replacement),
        source: stringOf(source),
        pattern: stringOf(pattern),
      }),
  },
  label_join: {
    args: ["vector", "string", "string", "string"],
    optional: Number.POSITIVE_INFINITY,
    returns: "vector",
    call: ([value, target, separator, ...sources], { dialect }) => {
      const name = labelName(stringOf(target), "label_join", dialect);
      const joined = (labels: Labels) => sources.map((source) => labels.get(stringOf(source)));
      return vector(
        samplesOf(value).map(({ labels, value: sample }) => ({
          labels: labels.with(name, joined(labels).join(stringOf(separator))),
          value: sample,
        })),
      );
    },
  },
  histogram_quantile: {
    args: ["scalar", "vector"],
    optional: 0,
    returns: "vector",
    call: ([q, value]) => histogramQuantile(scalarOf(q), value),
  },
};

const LE: ReadonlySet<string> = new Set(["le"]);

function histogramQuantile(q: number, value: Value | undefined): Value {
  const groups = new Map<string, { labels: Labels; buckets: Bucket[] }>();
  for (const sample of samplesOf(value)) {
    const bound = parseFloatText(sample.labels.get("le"));
    if (bound === null) continue;
    const labels = sample.labels.nameless().drop(LE);
    const group = groups.get(labels.key) ?? { labels, buckets: [] };
    groups.set(labels.key, group);
    group.buckets.push({ bound, count: sample.value });
  }
  return vector(
    [...groups.values()].map(({ labels, buckets }) => ({ labels, value: bucketQuantile(q, buckets) })),
  );
}

/** NaN last in either direction. */
function sorted(value: Value | undefined, direction: 1 | -1): Value {
  const rank = (x: number, y: number) => {
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return direction * compareNumbers(x, y);
  };
  return vector([...samplesOf(value)].sort((a, b) => rank(a.value, b.value)));
}

/** What absent() says: one sample with the labels that the selector's equality matchers name exactly once. */
function absence(isAbsent: boolean, argument: Expression | undefined): Value {
  if (!isAbsent) return vector([]);
  return vector([{ labels: labelsWanted(matchersOf(argument)), value: 1 }]);
}

function matchersOf(argument: Expression | undefined): readonly Matcher[] {
  if (argument?.kind === "selector") return argument.matchers;
  if (argument?.kind === "matrix") return argument.selector.matchers;
  return [];
}

function labelsWanted(matchers: readonly Matcher[]): Labels {
  const wanted: Record<string, string> = {};
  const seen = new Set<string>();
  for (const { name, operator, value } of matchers) {
    if (name === METRIC_NAME) continue;
    if (operator === "=" && !seen.has(name)) wanted[name] = value;
    else delete wanted[name];
    seen.add(name);
  }
  return LabelSet.of(wanted);
}

function labelReplace(
  value: Value | undefined,
  how: {
    readonly target: string;
    readonly replacement: string;
    readonly source: string;
    readonly pattern: string;
  },
): Value {
  const pattern = compiled(how.pattern);
  return vector(
    samplesOf(value).map((sample) => {
      const match = pattern.exec(sample.labels.get(how.source));
      if (match === null) return sample;
      return { labels: sample.labels.with(how.target, expand(how.replacement, match)), value: sample.value };
    }),
  );
}

function labelName(name: string, caller: string, { anyLabelName }: Dialect): string {
  if (anyLabelName ? name !== "" : LABEL_NAME.test(name)) return name;
  throw new ExecutionError(`invalid destination label name in ${caller}(): ${name}`);
}

function compiled(pattern: string): RegExp {
  try {
    return anchoredRegExp(pattern);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new ExecutionError(`invalid regular expression in label_replace(): ${pattern}`, { cause: error });
  }
}

/** Go's Expand: $1, ${1}, $name, ${name}, and $$ for a dollar sign. */
function expand(template: string, match: RegExpExecArray): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    if (whole === "$$") return "$";
    const name = braced ?? bare ?? "";
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? "";
  });
}
