import type { HeapCensus } from "./heap-census.ts";

export interface Sample {
  readonly hour: number;
  readonly heapMb: number;
  readonly census: HeapCensus;
}

/** Something that there is more and more of. */
export interface Growth {
  readonly what: string;
  /** In the order of samples. */
  readonly counts: readonly number[];
}

/**
 * What keeps growing, at an even or rising pace: each count of the last third of the samples is above each of the third
 * before, and so are those above the first third's; and it has grown between the last two at least half as much as between
 * the first two. Of counts that only waver, twelve samples are in such an order once in 35,000 times.
 */
export function growthIn(samples: readonly Sample[]): readonly Growth[] {
  const names = new Set(samples.flatMap(({ census }) => [...namesOf(census)]));
  return [...names]
    .filter((what) => !MIRRORS.has(what))
    .map((what) => ({ what, counts: samples.map(({ census }) => countOf(census, what)) }))
    .filter(({ counts }) => isGrowing(counts));
}

/**
 * Caches are as large as the cluster, and that grows with releases: a Deployment keeps ten old ReplicaSets
 * (revisionHistoryLimit).
 */
const MIRRORS: ReadonlySet<string> = new Set(["Cache.#entries", "Index.#keys"]);

/** From so many samples on. */
const MIN_SAMPLES = 9;

function isGrowing(counts: readonly number[]): boolean {
  if (counts.length < MIN_SAMPLES) return false;
  const third = Math.floor(counts.length / 3);
  const [first, second, last] = [
    counts.slice(0, -2 * third),
    counts.slice(-2 * third, -third),
    counts.slice(-third),
  ] as const;
  const isOrdered = Math.max(...first) < Math.min(...second) && Math.max(...second) < Math.min(...last);
  const [before, lately] = [mean(second) - mean(first), mean(last) - mean(second)];
  return isOrdered && lately >= before / 2;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function* namesOf({ instances, collections }: HeapCensus): Iterable<string> {
  yield* instances.keys();
  yield* collections.keys();
}

export function countOf({ instances, collections }: HeapCensus, what: string): number {
  return collections.get(what) ?? instances.get(what) ?? 0;
}

/** Of each Rollout that is there, one. */
const PER_ROLLOUT = ["SpecReader.#byKey", "DecisionLog.#last"];

/** Of runs, failures and questions under way: none at rest. */
const UNDER_WAY = [
  "Memories.#byKey",
  "Troubles.#byKey",
  "Untold.#byKey",
  "GateDesk.#entries",
  "Pass.#badEvidence",
  "Pass.#waits",
  "Pass.#writes",
  "RolloutController.#changing",
  "RolloutController.#conflicts",
  "RolloutController.#reported",
  "WorkQueue.#failures",
  "Batcher.#open",
  "DeliveryQueue.#lanes",
];

/** What is kept although nothing is under way, or of Rollouts that are gone. */
export function leftOver(census: HeapCensus, rollouts: number): readonly string[] {
  const above = (names: readonly string[], limit: number) =>
    names
      .filter((name) => countOf(census, name) > limit)
      .map((name) => `${name} has ${countOf(census, name)} entries at rest, with ${rollouts} Rollouts`);
  return [...above(PER_ROLLOUT, rollouts), ...above(UNDER_WAY, 0)];
}

/** Names above that no class has any more. */
export function unknownNames(census: HeapCensus): readonly string[] {
  return [...PER_ROLLOUT, ...UNDER_WAY].filter((name) => !census.collections.has(name));
}
