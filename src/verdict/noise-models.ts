import { type LogOddsNoise, logOddsNoise } from "./math/log-odds-noise.ts";

/**
 * Healthy explanations of an uneven split: bursts of one arm (garbage collection, a noisy node, one hot tenant) that
 * multiply its rate for a while. A regression must refute every one of them; the hardest to refute decides (universal
 * inference over a finite set: Wasserman, Ramdas & Balakrishnan 2020).
 */
export type NoiseModel = RunNoise | DriftNoise;

interface Learnt {
  /** Shape of the multiplier of one arm: half of 1 / CV^2. */
  readonly k: number;
  /** Intervals that the primary's bursts of this kind are looked for in at once. */
  readonly blockIntervals: number;
}

/** Bursts that stay for a while and are gone. */
export interface RunNoise extends Learnt {
  readonly kind: "runs";
  readonly noise: LogOddsNoise;
  /** A burst stays for 1 to this many intervals, each length alike likely. */
  readonly runIntervals: number;
}

/** A ratio that wanders. */
export interface DriftNoise extends Learnt {
  readonly kind: "drift";
  /** Of the log-odds. */
  readonly variance: number;
  /** Correlation from one interval to the next. */
  readonly memory: number;
}

interface RunShape {
  /** Of the log-odds: about twice CV^2 of one arm. */
  readonly variance: number;
  /** The longest that a burst lasts. */
  readonly runMs: number;
  readonly blockMs: number;
}

const RUNS: readonly RunShape[] = [
  { variance: 0.5, runMs: 0, blockMs: 0 },
  { variance: 2, runMs: 0, blockMs: 0 },
  { variance: 0.15, runMs: 90_000, blockMs: 60_000 },
  { variance: 0.5, runMs: 90_000, blockMs: 60_000 },
  { variance: 2, runMs: 90_000, blockMs: 60_000 },
  { variance: 0.15, runMs: 240_000, blockMs: 120_000 },
  { variance: 0.5, runMs: 240_000, blockMs: 120_000 },
];

interface DriftShape {
  readonly variance: number;
  /** Time in which the correlation falls to 1/e. */
  readonly memoryMs: number;
  readonly blockMs: number;
}

const DRIFTS: readonly DriftShape[] = [{ variance: 1, memoryMs: 90_000, blockMs: 60_000 }];

/** Intervals that a burst may span at most, however short they are: a bound on the work of a tick. */
export const LONGEST_RUN = 24;

const NOISE: ReadonlyMap<number, LogOddsNoise> = new Map(
  [...new Set(RUNS.map((shape) => shape.variance))].map((v) => [v, logOddsNoise(v)]),
);

/** The models for an interval, those without memory first. */
export function noiseModels(intervalMs: number): readonly NoiseModel[] {
  const intervals = (ms: number, least: number): number =>
    Math.max(least, Math.min(LONGEST_RUN, Math.round(ms / intervalMs)));
  const runs = RUNS.map(
    ({ variance, runMs, blockMs }): RunNoise => ({
      kind: "runs",
      k: 2 / variance,
      noise: NOISE.get(variance) as LogOddsNoise,
      runIntervals: runMs === 0 ? 1 : intervals(runMs, 2),
      blockIntervals: intervals(blockMs, 1),
    }),
  );
  const drifts = DRIFTS.map(
    ({ variance, memoryMs, blockMs }): DriftNoise => ({
      kind: "drift",
      k: 2 / variance,
      variance,
      memory: Math.exp(-intervalMs / memoryMs),
      blockIntervals: intervals(blockMs, 1),
    }),
  );
  return [...runs, ...drifts];
}
