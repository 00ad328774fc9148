import type { Expression } from "./ast.ts";
import { type FunctionDef, type FunctionTable, mapSamples, samplesOf, vector } from "./function-def.ts";
import { Labels } from "./labels.ts";

/** Parts of a UTC date; the argument of the PromQL functions is in seconds. */
const DATE_PARTS: Readonly<Record<string, (date: Date) => number>> = {
  minute: (date) => date.getUTCMinutes(),
  hour: (date) => date.getUTCHours(),
  day_of_week: (date) => date.getUTCDay(),
  day_of_month: (date) => date.getUTCDate(),
  day_of_year: (date) => (utcDay(date) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000 + 1,
  days_in_month: (date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  month: (date) => date.getUTCMonth() + 1,
  year: (date) => date.getUTCFullYear(),
};

const datePart = (part: (date: Date) => number): FunctionDef => ({
  args: ["vector"],
  optional: 1,
  returns: "vector",
  call: ([value], { nowMs }) => {
    const times = value ?? vector([{ labels: Labels.empty, value: nowMs / 1_000 }]);
    return mapSamples(times, (seconds) => part(new Date(Math.trunc(seconds) * 1_000)));
  },
});

export const TIME_FUNCTIONS: FunctionTable = {
  ...Object.fromEntries(Object.entries(DATE_PARTS).map(([name, part]) => [name, datePart(part)])),
  time: {
    args: [],
    optional: 0,
    returns: "scalar",
    call: (_, { nowMs }) => ({ type: "scalar", value: nowMs / 1_000 }),
  },
  timestamp: {
    args: ["vector"],
    optional: 0,
    returns: "vector",
    call: ([value], { args, nowMs }) => {
      // Only a selector's samples have a time of their own; what is computed has that of the evaluation.
      const isSelector = args[0] !== undefined && unwrapped(args[0]).kind === "selector";
      return vector(
        samplesOf(value).map((sample) => ({
          labels: sample.labels.nameless(),
          value: (isSelector ? (sample.timeMs ?? nowMs) : nowMs) / 1_000,
        })),
      );
    },
  },
};

function utcDay(date: Date): number {
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
}

function unwrapped(expression: Expression): Expression {
  return expression.kind === "paren" ? unwrapped(expression.inner) : expression;
}
