import type { ValueType } from "./ast.ts";
import { type FunctionDef, type FunctionTable, scalarOf, vector } from "./function-def.ts";
import { LABEL_FUNCTIONS } from "./functions-label.ts";
import { MATH_FUNCTIONS } from "./functions-math.ts";
import { TIME_FUNCTIONS } from "./functions-time.ts";
import { KEEPS_NAME, RANGE_FUNCTIONS, type RangeFunction } from "./range-functions.ts";
import type { Sample } from "./value.ts";

/** The functions over time that take a scalar beside their range vector, and where it stands. */
const RANGE_ARGUMENTS: Readonly<Record<string, readonly ValueType[]>> = {
  quantile_over_time: ["scalar", "matrix"],
  predict_linear: ["matrix", "scalar"],
};

function overTime(name: string, compute: RangeFunction): FunctionDef {
  const keepsName = KEEPS_NAME.has(name);
  return {
    args: RANGE_ARGUMENTS[name] ?? ["matrix"],
    optional: 0,
    returns: "vector",
    call: (values, { nowMs, dialect }) => {
      const matrix = values.find((value) => value.type === "matrix");
      if (matrix?.type !== "matrix") return vector([]);
      const parameter = scalarOf(values.find((value) => value.type === "scalar"));
      const span = { startMs: matrix.startMs, endMs: matrix.endMs, nowMs, dialect };
      const samples: Sample[] = [];
      for (const window of matrix.windows) {
        const value = compute(window, span, parameter);
        if (value !== null)
          samples.push({ labels: keepsName ? window.labels : window.labels.nameless(), value });
      }
      return vector(samples);
    },
  };
}

/** Every function of PromQL that the embedded Prometheus knows, by name. */
export const FUNCTIONS: FunctionTable = {
  ...Object.fromEntries(
    Object.entries(RANGE_FUNCTIONS).map(([name, compute]) => [name, overTime(name, compute)]),
  ),
  ...MATH_FUNCTIONS,
  ...TIME_FUNCTIONS,
  ...LABEL_FUNCTIONS,
};
