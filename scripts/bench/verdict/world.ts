import { randomBinomial, randomGamma, randomPoisson } from "d3-random";
import type { ArmCounts, EvidenceRow } from "../../../src/api/evidence.ts";
import { Prng } from "../../../src/lib/prng.ts";

/** Makes seeded traces: two arms that serve requests with given error rates and response times, and noise of many kinds. */

/** Bounds of Istio's istio_request_duration_milliseconds. */
export const ISTIO_BOUNDS_MS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
] as const;

/** Response times: log-normal, and a part of the requests at a fixed longer time (spread by a tenth). */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly slowShare?: number;
  readonly slowMs?: number;
}

/** What an arm does in an interval. */
export interface Behaviour {
  readonly errorRate: number;
  readonly latency: Latency;
}

/** Multiplies error rates (and slow requests) over time; mean 1. */
export type Noise = (prng: Prng, rows: number) => readonly number[];

export interface World {
  readonly rps: number;
  readonly rows: number;
  readonly intervalMs: number;
  /** Multiplies the rate of requests; default 1. */
  load?(row: number): number;
  /** Canary's share of requests in percent, by row. */
  weight(row: number): number;
  primary(row: number): Behaviour;
  canary(row: number): Behaviour;
  /** Bursts of each arm alone. */
  readonly primaryNoise?: Noise;
  readonly canaryNoise?: Noise;
  /** Bursts of both at once. */
  readonly sharedNoise?: Noise;
  /** What is lost of a row: the source failed, or one arm's series were missing. */
  readonly lost?: (prng: Prng, row: number) => "canary" | "primary" | "both" | null;
  /** Rows of the primary alone before the run. */
  readonly historyRows?: number;
  /** Metrics with queries of their own: log-normal noise around 1 in both arms, times `factor` in the canary. */
  readonly own?: { readonly names: readonly string[]; readonly sd: number; readonly factor: number };
}

export interface TraceRow extends EvidenceRow {
  readonly weight: number;
}

/** The rows of one run; those of history end at or before 0. */
export function simulate(world: World, seed: number): readonly TraceRow[] {
  const prng = new Prng(seed);
  const history = world.historyRows ?? 0;
  const size = world.rows + history;
  const noise = (kind: Noise | undefined): readonly number[] | null => kind?.(prng.fork(), size) ?? null;
  const primaryNoise = noise(world.primaryNoise);
  const canaryNoise = noise(world.canaryNoise);
  const shared = noise(world.sharedNoise);
  const sample = new Sampler(prng.fork());
  const losses = prng.fork();
  return Array.from({ length: size }, (_, index) => {
    const row = index - history;
    const weight = row < 0 ? 0 : world.weight(row);
    const both = shared?.[index] ?? 1;
    const requests = (percent: number): number =>
      (world.rps * (world.load?.(row) ?? 1) * world.intervalMs * percent) / 100_000;
    const canary =
      row < 0 ? null : sample.arm(requests(weight), world.canary(row), both * (canaryNoise?.[index] ?? 1));
    const behaviour = world.primary(Math.max(0, row));
    const primary = sample.arm(requests(100 - weight), behaviour, both * (primaryNoise?.[index] ?? 1));
    return lose(
      { endMs: (row + 1) * world.intervalMs, weight, canary, primary, own: ownSamples(world, losses) },
      world,
      losses,
      row,
    );
  });
}

function lose(row: TraceRow, world: World, prng: Prng, index: number): TraceRow {
  const lost = index < 0 ? null : (world.lost?.(prng, index) ?? null);
  if (lost === null) return row;
  return {
    ...row,
    canary: lost === "primary" ? row.canary : null,
    primary: lost === "canary" ? row.primary : null,
    error: "the source did not answer",
  };
}

function ownSamples({ own }: World, prng: Prng): EvidenceRow["own"] {
  if (own === undefined) return {};
  const value = (factor: number): number => factor * Math.exp(own.sd * prng.normal());
  return Object.fromEntries(
    own.names.map((name) => [name, { canary: value(own.factor), primary: value(1) }]),
  );
}

class Sampler {
  readonly #poisson: (mean: number) => () => number;
  readonly #binomial: (n: number, p: number) => () => number;

  constructor(prng: Prng) {
    const source = (): number => prng.float();
    this.#poisson = randomPoisson.source(source);
    this.#binomial = randomBinomial.source(source);
  }

  arm(mean: number, behaviour: Behaviour, multiplier: number): ArmCounts {
    const requests = mean === 0 ? 0 : this.#poisson(mean)();
    const errors = this.#draw(requests, Math.min(0.99, behaviour.errorRate * multiplier));
    return { requests, errors, latencyMs: this.#histogram(requests, behaviour.latency, multiplier) };
  }

  #draw(n: number, p: number): number {
    return n === 0 || p <= 0 ? 0 : this.#binomial(n, Math.min(1, p))();
  }

  /** Bursts multiply the share of requests beyond each bound. */
  #histogram(requests: number, latency: Latency, multiplier: number): Record<string, number> {
    const buckets: Record<string, number> = {};
    let left = requests;
    let leftShare = 1;
    let within = 0;
    for (const bound of ISTIO_BOUNDS_MS) {
      const slower = Math.min(leftShare, slowerShare(latency, bound, multiplier));
      const here = leftShare <= 0 ? 0 : this.#draw(left, (leftShare - slower) / leftShare);
      within += here;
      left -= here;
      leftShare = slower;
      buckets[String(bound)] = within;
    }
    buckets["+Inf"] = requests;
    return buckets;
  }
}

/** Share of requests that take longer than a bound. */
function slowerShare(latency: Latency, boundMs: number, multiplier: number): number {
  const { p50Ms, p99Ms, slowShare = 0, slowMs = 0 } = latency;
  const usual = normalTail(Math.log(boundMs / p50Ms) / (Math.log(p99Ms / p50Ms) / 2.326));
  const slow = slowShare === 0 ? 0 : normalTail(Math.log(boundMs / slowMs) / 0.1);
  const share = (1 - slowShare) * usual + slowShare * slow;
  return multiplier === 1 ? share : (share * multiplier) / (1 - share + share * multiplier);
}

/** P(Z > z), Abramowitz & Stegun 26.2.17 (error below 1e-7). */
function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (series * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Gamma multipliers with this coefficient of variation, each for a block of rows. */
export function gammaBlocks(cv: number, blockRows: number): Noise {
  return (prng, rows) => {
    const shape = 1 / (cv * cv);
    const draw = randomGamma.source(() => prng.float())(shape, 1 / shape);
    const offset = prng.integer(0, blockRows - 1);
    const blocks = Array.from({ length: Math.ceil(rows / blockRows) + 1 }, () => draw());
    return Array.from({ length: rows }, (_, row) => blocks[Math.floor((row + offset) / blockRows)] as number);
  };
}

/** Log-normal multipliers whose log is an AR(1) process. */
export function autocorrelated(sd: number, correlationRows: number): Noise {
  return (prng, rows) => {
    const keep = Math.exp(-1 / correlationRows);
    let log = prng.normal() * sd;
    return Array.from({ length: rows }, () => {
      log = keep * log + Math.sqrt(1 - keep * keep) * sd * prng.normal();
      return Math.exp(log - (sd * sd) / 2);
    });
  };
}

/** Rare storms: with this chance a row begins one, which multiplies by `factor` for up to `longest` rows. */
export function storms(chance: number, factor: number, longest: number): Noise {
  return (prng, rows) => {
    let left = 0;
    return Array.from({ length: rows }, () => {
      if (left === 0 && prng.chance(chance)) left = prng.integer(1, longest);
      if (left === 0) return 1;
      left -= 1;
      return factor;
    });
  };
}
