import { type FunctionDef, type FunctionTable, mapSamples, scalarOf, vector } from "./function-def.ts";

const DEGREES = 180 / Math.PI;

const POINTWISE: Readonly<Record<string, (value: number) => number>> = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  exp: Math.exp,
  ln: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  sqrt: Math.sqrt,
  sgn: Math.sign,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  deg: (value) => value * DEGREES,
  rad: (value) => value / DEGREES,
};

const pointwise = (compute: (value: number) => number): FunctionDef => ({
  args: ["vector"],
  optional: 0,
  returns: "vector",
  call: ([value]) => mapSamples(value, compute),
});

const LIMITS: FunctionTable = {
  clamp: {
    args: ["vector", "scalar", "scalar"],
    optional: 0,
    returns: "vector",
    call: ([value, low, high]) => {
      const [min, max] = [scalarOf(low), scalarOf(high)];
      if (max < min) return vector([]);
      return mapSamples(value, (x) => Math.max(min, Math.min(max, x)));
    },
  },
  clamp_min: {
    args: ["vector", "scalar"],
    optional: 0,
    returns: "vector",
    call: ([value, low]) => mapSamples(value, (x) => Math.max(scalarOf(low), x)),
  },
  clamp_max: {
    args: ["vector", "scalar"],
    optional: 0,
    returns: "vector",
    call: ([value, high]) => mapSamples(value, (x) => Math.min(scalarOf(high), x)),
  },
  round: {
    args: ["vector", "scalar"],
    optional: 1,
    returns: "vector",
    call: ([value, nearest]) => {
      // The inverse keeps round(x, 0.1) from showing the error of 0.1.
      const inverse = 1 / (nearest === undefined ? 1 : scalarOf(nearest));
      return mapSamples(value, (x) => Math.floor(x * inverse + 0.5) / inverse);
    },
  },
};

export const MATH_FUNCTIONS: FunctionTable = {
  ...Object.fromEntries(Object.entries(POINTWISE).map(([name, compute]) => [name, pointwise(compute)])),
  ...LIMITS,
  pi: { args: [], optional: 0, returns: "scalar", call: () => ({ type: "scalar", value: Math.PI }) },
};
