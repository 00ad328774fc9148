import type { ArmTally } from "./counts.ts";
import { logNegativeBinomial } from "./math/count-densities.ts";
import type { NoiseModel } from "./noise-models.ts";

/**
 * How plausible bursts of each kind are in this service, as ln weights at most 0, learnt from the primary: it has most of
 * the traffic and is not under suspicion. Bursty blocks raise the weight of a noise model, steady ones lower it. There is
 * a floor, since a canary has fewer pods than the primary and so is noisier than the primary can tell.
 */
export interface NoisePrior {
  /** The primary's level: bad requests and requests, forgotten exponentially. */
  readonly level: ArmTally;
  /** By noise model. */
  readonly beliefs: readonly Belief[];
}

interface Belief {
  readonly weight: number;
  readonly block: Block;
}

/** Intervals gathered until they are judged together, and the level that they are judged against. */
interface Block {
  readonly intervals: number;
  readonly tally: ArmTally;
  readonly level: ArmTally;
}

/** What stays the same for a run. */
export interface PriorPlan {
  readonly models: readonly NoiseModel[];
  /** The lowest weight: a canary has fewer pods than the primary, and so may be burstier than the primary can tell. */
  readonly floor: number;
  /** The floor where bad requests are many, so that every burst of the canary alone shows in full. */
  readonly busyFloor: number;
  /** Bursts are unusual: the weight before anything is known. */
  readonly start: number;
  readonly intervalMs: number;
}

const LEVEL_HALF_LIFE_MS = 600_000;
/** Bad requests that the level must rest on before it can say what is unusual. */
const LEAST_BAD = 3;
/** Bad requests of the primary in an interval from which the floor begins to rise, and where it has risen. */
const FEW_BAD = 2;
const MANY_BAD = 30;

export function beginNoisePrior({ models, start }: PriorPlan): NoisePrior {
  const level = { total: 0, bad: 0 };
  return {
    level,
    beliefs: models.map(() => ({ weight: start, block: { intervals: 0, tally: level, level } })),
  };
}

export function observeNoise(prior: NoisePrior, primary: ArmTally, plan: PriorPlan): NoisePrior {
  if (primary.total === 0) return prior;
  const { models, intervalMs } = plan;
  const floor = floorFor(prior.level, plan);
  const kept = 0.5 ** (intervalMs / LEVEL_HALF_LIFE_MS);
  return {
    level: {
      total: prior.level.total * kept + primary.total,
      bad: prior.level.bad * kept + primary.bad,
    },
    beliefs: prior.beliefs.map((belief, index) =>
      observeBelief(belief, primary, { model: models[index] as NoiseModel, floor }, prior.level),
    ),
  };
}

function observeBelief(
  belief: Belief,
  primary: ArmTally,
  { model, floor }: { readonly model: NoiseModel; readonly floor: number },
  level: ArmTally,
): Belief {
  const { block } = belief;
  const begun: Block = block.intervals === 0 ? { ...block, level } : block;
  const grown: Block = {
    intervals: begun.intervals + 1,
    tally: { total: begun.tally.total + primary.total, bad: begun.tally.bad + primary.bad },
    level: begun.level,
  };
  if (grown.intervals < model.blockIntervals) return { ...belief, block: grown };
  const empty: ArmTally = { total: 0, bad: 0 };
  return {
    weight: clip(belief.weight + blockEvidence(grown, model), floor),
    block: { intervals: 0, tally: empty, level: empty },
  };
}

/** ln weight of a noise model now; a block that is not full yet counts provisionally. */
export function noiseWeight(prior: NoisePrior, index: number, plan: PriorPlan): number {
  const { weight, block } = prior.beliefs[index] as Belief;
  if (block.intervals === 0) return weight;
  const evidence = blockEvidence(block, plan.models[index] as NoiseModel);
  return clip(weight + evidence, floorFor(prior.level, plan));
}

/** ln of how much better a bursty primary explains the block than a steady one whose level is only known roughly. */
function blockEvidence({ tally, level }: Block, model: NoiseModel): number {
  if (level.bad < LEAST_BAD) return 0;
  const mean = (tally.total * level.bad) / level.total;
  const steady = level.bad + 0.5;
  const bursty = 1 / (1 / steady + 1 / model.k);
  return logNegativeBinomial(tally.bad, mean, bursty) - logNegativeBinomial(tally.bad, mean, steady);
}

/** Between the two floors by the primary's usual number of bad requests an interval, on a log scale. */
function floorFor(level: ArmTally, { floor, busyFloor, intervalMs }: PriorPlan): number {
  const intervals = LEVEL_HALF_LIFE_MS / Math.LN2 / intervalMs;
  const bad = Math.max(1e-9, level.bad / intervals);
  const busy = Math.log(bad / FEW_BAD) / Math.log(MANY_BAD / FEW_BAD);
  return floor + (busyFloor - floor) * Math.max(0, Math.min(1, busy));
}

function clip(weight: number, floor: number): number {
  return Math.max(floor, Math.min(0, weight));
}
