import { randomBinomial, randomPoisson } from "d3-random";
import type { Prng } from "../../lib/prng.ts";

/** Random whole numbers that stand for many single draws at once; exact distributions, never rounded normals. */
export class Draw {
  readonly #float: () => number;
  readonly #poisson: (mean: number) => () => number;
  readonly #binomial: (count: number, probability: number) => () => number;

  constructor(prng: Prng) {
    const source = () => prng.float();
    this.#float = source;
    this.#poisson = randomPoisson.source(source);
    this.#binomial = randomBinomial.source(source);
  }

  /** How many arrivals, when `mean` are expected. */
  poisson(mean: number): number {
    return mean <= 0 ? 0 : this.#poisson(mean)();
  }

  /** How many of `count` hit, each with `probability`. */
  binomial(count: number, probability: number): number {
    if (count === 0 || probability <= 0) return 0;
    return probability >= 1 ? count : this.#binomial(count, probability)();
  }

  /**
   * Deals `count` items to shares (any positive scale). Their sum is `count`, and a share of 0 gets none. All zero:
   * nobody gets anything.
   */
  split(count: number, shares: readonly number[]): number[] {
    const last = shares.findLastIndex((share) => share > 0);
    let left = count;
    let total = 0;
    for (const share of shares) total += Math.max(share, 0);
    return shares.map((share, index) => {
      if (left === 0 || share <= 0) return 0;
      const mine = index === last ? left : this.binomial(left, share / total);
      total -= share;
      left -= mine;
      return mine;
    });
  }

  /** Takes `count` items at random, each once, from piles of these sizes; all of them when they are fewer. */
  pick(count: number, piles: readonly number[]): number[] {
    let left = 0;
    for (const pile of piles) left += pile;
    if (count >= left) return [...piles];
    const rest = [...piles];
    for (let taken = 0; taken < count; taken++) {
      const index = this.index(rest);
      rest[index] = (rest[index] ?? 0) - 1;
    }
    return piles.map((pile, index) => pile - (rest[index] ?? 0));
  }

  /** One of piles of these sizes, by size. Not all may be empty. */
  index(piles: readonly number[]): number {
    let left = 0;
    for (const pile of piles) left += pile;
    let at = Math.floor(this.#float() * left);
    let index = 0;
    for (; at >= (piles[index] ?? 0) && index < piles.length - 1; index++) at -= piles[index] ?? 0;
    return index;
  }
}
