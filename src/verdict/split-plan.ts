import { DRIFT_STRIDE, type DriftFilter } from "./drift-filter.ts";
import type { NoiseModel } from "./noise-models.ts";
import { type RunFilter, STRIDE } from "./run-lengths.ts";

/** The hypotheses of a split test and where their numbers lie; fixed for a run. */
export interface SplitPlan {
  /** The null's boundary. */
  readonly boundary: Ratio;
  /** A ratio that leaves no doubt, for telling since when. */
  readonly clearlyWorse: Ratio;
  /** Alternatives without noise. */
  readonly grid: readonly Ratio[];
  /** Alternatives with bursts of one interval. */
  readonly noisy: readonly NoisyAlternative[];
  readonly nulls: readonly SplitNull[];
  readonly filters: readonly PlannedFilter[];
  readonly longestRun: number;
  /** Null-and-alternative pairs in all. */
  readonly terms: number;
  /** Numbers that the filters keep in all. */
  readonly filterNumbers: number;
}

/** Canary's rate over the primary's. */
export interface Ratio {
  readonly ratio: number;
  readonly log: number;
}

export interface NoisyAlternative {
  readonly ratio: number;
  /** Of the log-odds. */
  readonly variance: number;
}

/** "At most maxRatio, and the noise is of this kind", against its alternatives: grid, noisy, then its own. */
export interface SplitNull {
  /** Index of the noise model; null for no noise. */
  readonly model: number | null;
  /** Index of its filter; null for no noise. */
  readonly filter: number | null;
  /** Filters of the same noise around larger ratios. */
  readonly alternatives: readonly number[];
  /** Of its alternatives, sum 1. */
  readonly weights: readonly number[];
  readonly offset: number;
}

export type PlannedFilter =
  | ({ readonly kind: "runs" } & RunFilter)
  | ({ readonly kind: "drift" } & DriftFilter);

const CLEARLY_WORSE = 2;
const GRID_STEP = 1.3;
const GRID_SIZE = 18;
/** Half steps where regressions are mild and events many: a grid that fits badly then costs the most. */
const HALF_STEPS = 3;
const GRID: readonly number[] = [
  ...Array.from({ length: HALF_STEPS }, (_, j) => GRID_STEP ** (j + 0.5)),
  ...Array.from({ length: GRID_SIZE }, (_, j) => GRID_STEP ** (j + 1)),
  1000,
];
/** So many of the largest ratios get half the weight of the others. */
const RARE_RATIOS = 6;

const NOISY: readonly NoisyAlternative[] = [
  ...[1.5, 2.5, 5, 15].map((ratio) => ({ ratio, variance: 0.15 })),
  ...[2.5, 8, 30].map((ratio) => ({ ratio, variance: 1 })),
];

/** Ratios around which a null's own noise is an alternative, and the weight of these together. */
const SAME_NOISE_RATIOS = [1.8, 4, 12] as const;
const SAME_NOISE_WEIGHT = 0.25;

export function splitPlan(maxRatio: number, models: readonly NoiseModel[]): SplitPlan {
  const filters: PlannedFilter[] = [];
  let offset = 0;
  const addFilter = (model: NoiseModel, factor: number): number => {
    const logRatio = Math.log(factor * maxRatio);
    if (model.kind === "runs") {
      const { noise, runIntervals } = model;
      filters.push({ kind: "runs", noise, longest: runIntervals, logRatio, offset });
      offset += runIntervals * STRIDE;
    } else {
      const { variance, memory } = model;
      filters.push({ kind: "drift", variance, memory, logRatio, offset });
      offset += DRIFT_STRIDE;
    }
    return filters.length - 1;
  };
  const nulls: SplitNull[] = [];
  let terms = 0;
  const addNull = (hypothesis: Omit<SplitNull, "weights" | "offset">): void => {
    const weights = weightsOf(hypothesis.alternatives.length);
    nulls.push({ ...hypothesis, weights, offset: terms });
    terms += weights.length;
  };
  addNull({ model: null, filter: null, alternatives: [] });
  models.forEach((model, index) => {
    const filter = addFilter(model, 1);
    const memoryless = model.kind === "runs" && model.runIntervals === 1;
    const own = memoryless ? [] : SAME_NOISE_RATIOS;
    const alternatives = own.map((factor) => addFilter(model, factor));
    addNull({ model: index, filter, alternatives });
  });
  return {
    boundary: ratioOf(maxRatio),
    clearlyWorse: ratioOf(CLEARLY_WORSE * maxRatio),
    grid: GRID.map((factor) => ratioOf(factor * maxRatio)),
    noisy: NOISY.map(({ ratio, variance }) => ({ ratio: ratio * maxRatio, variance })),
    nulls,
    filters,
    longestRun: Math.max(...filters.map((filter) => (filter.kind === "runs" ? filter.longest : 1))),
    terms,
    filterNumbers: offset,
  };
}

function ratioOf(ratio: number): Ratio {
  return { ratio, log: Math.log(ratio) };
}

/** Weights of grid, noisy and own alternatives. */
function weightsOf(own: number): readonly number[] {
  const common = [...GRID.map((_, j) => (j >= GRID.length - RARE_RATIOS ? 0.5 : 1)), ...NOISY.map(() => 1)];
  const sum = common.reduce((a, b) => a + b, 0);
  const part = own === 0 ? 1 : 1 - SAME_NOISE_WEIGHT;
  return [
    ...common.map((weight) => (part * weight) / sum),
    ...Array.from({ length: own }, () => SAME_NOISE_WEIGHT / own),
  ];
}
