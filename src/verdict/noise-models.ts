import { type LogOddsNoise, logOddsNoise } from "./math/log-odds-noise.ts";

/**
 * Healthy explanations of an uneven split: bursts of one arm (garbage collection, a noisy node, one hot tenant) that
 * multiply its rate for a while. A regression must refute every one of them; the hardest to refute decides (universal
 * inference over a finite set: Wasserman, Ramdas & Balakrishnan 2020).
 */
export interface NoiseModel {
  readonly noise: LogOddsNoise;
  /** A burst stays for 1 to this many intervals, each length alike likely. */
  readonly runIntervals: number;
  /** Intervals that the primary's bursts of this kind are looked for in at once. */
  readonly blockIntervals: number;
}

interface Shape {
  readonly variance: number;
  readonly runMs: number;
  readonly blockMs: number;
}

/** Variance of the log-odds (about twice CV^2 of one arm) and the longest a burst lasts. */
const SHAPES: readonly Shape[] = [
  { variance: 0.5, runMs: 0, blockMs: 0 },
  { variance: 2, runMs: 0, blockMs: 0 },
  { variance: 0.15, runMs: 90_000, blockMs: 60_000 },
  { variance: 0.5, runMs: 90_000, blockMs: 60_000 },
  { variance: 2, runMs: 90_000, blockMs: 60_000 },
  { variance: 0.15, runMs: 240_000, blockMs: 120_000 },
  { variance: 0.7, runMs: 240_000, blockMs: 120_000 },
];

/** Intervals that a burst may span at most, however short they are: a bound on the work of a tick. */
export const LONGEST_RUN = 24;

const NOISE: ReadonlyMap<number, LogOddsNoise> = new Map(
  [...new Set(SHAPES.map((shape) => shape.variance))].map((v) => [v, logOddsNoise(v)]),
);

/** The models for an interval, those without memory first. */
export function noiseModels(intervalMs: number): readonly NoiseModel[] {
  return SHAPES.map(({ variance, runMs, blockMs }) => ({
    noise: NOISE.get(variance) as LogOddsNoise,
    runIntervals: runMs === 0 ? 1 : Math.max(2, Math.min(LONGEST_RUN, Math.round(runMs / intervalMs))),
    blockIntervals: blockMs === 0 ? 1 : Math.max(1, Math.min(LONGEST_RUN, Math.round(blockMs / intervalMs))),
  }));
}
