import { randomBinomial } from "d3-random";
import type { ArmCounts, PodRow } from "../api/evidence.ts";
import type { Prng } from "../lib/prng.ts";
import type { AaWindow, StepRows } from "./aa-windows.ts";
import type { TraceRow } from "./trace.ts";

/**
 * Two arms out of one workload's pods. Half of the pods play the canary, because a canary of Sluice has as many pods as
 * the primary: one pod of ten would have its bursts to itself, where a canary's are spread over all its pods. That arm
 * then keeps so many of its requests, drawn by lot, as the step's weight gives it. Bursts survive that, since they
 * multiply rates; thinning changes only how many requests there are.
 */
export interface Arms {
  readonly canary: readonly string[];
  readonly primary: readonly string[];
}

/** Part of the window's rows in which a pod must have been there: what starts or ends within it is left out. */
const THROUGHOUT = 0.9;
const TRIES = 20;

/** The pods that were there throughout, sorted. */
export function steadyPods({ rows }: Pick<AaWindow, "rows">): readonly string[] {
  const seen = new Map<string, number>();
  for (const { pods } of rows) for (const pod of pods.keys()) seen.set(pod, (seen.get(pod) ?? 0) + 1);
  return [...seen]
    .filter(([, count]) => count >= THROUGHOUT * rows.length)
    .map(([pod]) => pod)
    .sort();
}

/** Different ways to deal pods to two arms of like size: all of them, or so many at random. */
export function balancedSplits(pods: readonly string[], atMost: number, prng: Prng): readonly Arms[] {
  const size = Math.floor(pods.length / 2);
  if (size === 0) return [];
  const found = new Map<string, Arms>();
  const most = Math.min(atMost, choices(pods.length, size));
  for (let tries = 0; found.size < most && tries < TRIES * most; tries++) {
    const canary = shuffled(pods, prng).slice(0, size).sort();
    const primary = pods.filter((pod) => !canary.includes(pod));
    found.set(canary.join("\n"), { canary, primary });
  }
  return [...found.values()];
}

function choices(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return Math.round(ways);
}

/** Fisher and Yates. */
function shuffled(pods: readonly string[], prng: Prng): string[] {
  const out = [...pods];
  for (let i = out.length - 1; i > 0; i--) {
    const j = prng.integer(0, i);
    [out[i], out[j]] = [out[j] as string, out[i] as string];
  }
  return out;
}

/** The window as the trace of a run that follows the plan. */
export function traceOf(
  window: AaWindow,
  arms: Arms,
  plan: readonly StepRows[],
  prng: Prng,
): readonly TraceRow[] {
  const thin = new Thinning(prng);
  const history = window.history.map((row) => ({
    ...head(row),
    weight: null,
    canary: null,
    primary: sumOf(row, arms.primary),
  }));
  const requests = { canary: requestsOf(window, arms.canary), primary: requestsOf(window, arms.primary) };
  const weights = plan.flatMap(({ weight, rows }) => Array<number>(rows).fill(weight));
  const run = window.rows.map((row, index) => {
    const weight = weights[index] ?? 0;
    const kept = partsKept(weight, requests);
    return {
      ...head(row),
      weight,
      canary: thin.counts(sumOf(row, arms.canary), kept.canary),
      primary: thin.counts(sumOf(row, arms.primary), kept.primary),
    };
  });
  return [...history, ...run];
}

function head({ endMs, error }: PodRow): Pick<TraceRow, "endMs" | "own" | "error"> {
  return { endMs, own: {}, ...(error === undefined ? {} : { error }) };
}

interface Both {
  readonly canary: number;
  readonly primary: number;
}

/** Which part of its requests each arm keeps, so that the canary's share of what is left is the weight. */
export function partsKept(weight: number, requests: Both): Both {
  if (requests.canary === 0 || requests.primary === 0) return { canary: 1, primary: 1 };
  const wanted = weight / (100 - weight);
  const there = requests.canary / requests.primary;
  return there > wanted ? { canary: wanted / there, primary: 1 } : { canary: 1, primary: there / wanted };
}

function requestsOf({ rows }: AaWindow, pods: readonly string[]): number {
  const served = rows.flatMap((row) => pods.map((pod) => row.pods.get(pod)?.requests ?? 0));
  return served.reduce((sum, requests) => sum + requests, 0);
}

/** What these pods did together; null when none of them was heard of. Histograms over the bounds that all have. */
export function sumOf({ pods }: PodRow, names: readonly string[]): ArmCounts | null {
  const found = names.flatMap((name) => pods.get(name) ?? []);
  if (found.length === 0) return null;
  const histograms = found.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]));
  return {
    requests: found.reduce((sum, { requests }) => sum + requests, 0),
    errors: found.reduce((sum, { errors }) => sum + errors, 0),
    latencyMs: histograms.length === 0 ? null : histograms.reduce(addBuckets),
  };
}

type Buckets = Readonly<Record<string, number>>;

function addBuckets(a: Buckets, b: Buckets): Buckets {
  const common = Object.entries(a).filter(([bound]) => b[bound] !== undefined);
  return Object.fromEntries(common.map(([bound, count]) => [bound, count + (b[bound] as number)]));
}

/** Keeps each request with the same chance, whether it failed or not, whatever it took. */
class Thinning {
  readonly #binomial: (count: number, probability: number) => () => number;

  constructor(prng: Prng) {
    this.#binomial = randomBinomial.source(() => prng.float());
  }

  counts(counts: ArmCounts | null, part: number): ArmCounts | null {
    if (counts === null || part >= 1) return counts;
    const errors = this.#kept(counts.errors, part);
    return {
      requests: errors + this.#kept(counts.requests - counts.errors, part),
      errors,
      latencyMs: counts.latencyMs === null ? null : this.#buckets(counts.latencyMs, part),
    };
  }

  #buckets(buckets: Buckets, part: number): Buckets {
    const bound = (text: string): number => (text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text));
    let before = 0;
    let sum = 0;
    const kept = Object.entries(buckets)
      .sort(([a], [b]) => bound(a) - bound(b))
      .map(([text, count]) => {
        sum += this.#kept(count - before, part);
        before = count;
        return [text, sum];
      });
    return Object.fromEntries(kept);
  }

  #kept(count: number, part: number): number {
    const whole = Math.max(0, Math.round(count));
    return whole === 0 || part <= 0 ? 0 : this.#binomial(whole, part)();
  }
}
