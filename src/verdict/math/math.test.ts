import { describe, expect, it } from "vitest";
import { logBetaBinomial, logNegativeBinomial } from "./count-densities.ts";
import { logBeta, logGamma } from "./log-gamma.ts";
import { logOddsNoise, noisyLikelihood, type Split, shiftAt } from "./log-odds-noise.ts";
import { sigmoid, softplus } from "./logistic.ts";
import { wilsonInterval } from "./wilson.ts";

describe("logGamma", () => {
  it.each([
    [0.5, 0.5 * Math.log(Math.PI)],
    [1, 0],
    [2, 0],
    [5, Math.log(24)],
    [11, Math.log(3_628_800)],
    [0.01, 4.599479878042022],
    [100, 359.1342053695754],
    [1e6, 12_815_504.569147611],
  ])("of %d is %d", (x, want) => {
    expect(logGamma(x)).toBeCloseTo(want, 8);
  });

  it("gives the beta function", () => {
    expect(logBeta(2, 3)).toBeCloseTo(Math.log(1 / 12), 10);
    expect(logBeta(0.5, 0.5)).toBeCloseTo(Math.log(Math.PI), 10);
  });
});

describe("sigmoid and softplus", () => {
  it("neither overflow nor lose small numbers", () => {
    expect(sigmoid(-700)).toBeGreaterThan(0);
    expect(sigmoid(700)).toBe(1);
    expect(softplus(800)).toBe(800);
    expect(softplus(-40)).toBeCloseTo(Math.exp(-40), 20);
    expect(softplus(0)).toBeCloseTo(Math.LN2, 12);
  });
});

function choose(n: number, k: number): number {
  return Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1));
}

describe("count densities", () => {
  it("sums to one over all splits of a beta-binomial", () => {
    for (const variance of [0.15, 1, 4]) {
      let sum = 0;
      for (let a = 0; a <= 12; a++)
        sum += choose(12, a) * Math.exp(logBetaBinomial(a, 12 - a, 0.1, variance));
      expect(sum).toBeCloseTo(1, 9);
    }
  });

  it("tends to the binomial as the variance goes", () => {
    const binomial = 3 * Math.log(0.2) + 9 * Math.log(0.8);
    expect(logBetaBinomial(3, 9, 0.2, 1e-7)).toBeCloseTo(binomial, 4);
  });

  it("sums to one over the counts of a negative binomial", () => {
    let sum = 0;
    for (let x = 0; x < 400; x++) sum += Math.exp(logNegativeBinomial(x, 7, 2) - logGamma(x + 1));
    expect(sum).toBeCloseTo(1, 9);
  });

  it("tends to Poisson as the shape grows", () => {
    const poisson = 4 * Math.log(3) - 3;
    expect(logNegativeBinomial(4, 3, 1e7)).toBeCloseTo(poisson, 4);
  });
});

/** The integral over the noise by brute force. */
function exact(v: number, { first, both, logit, spread }: Split): number {
  const noise = logOddsNoise(v);
  const { k } = noise;
  const centre = logit + shiftAt(noise, logit) / (1 + both / 3);
  const height = (r: number): number =>
    first * (centre + r) - both * softplus(centre + r) + k * r - 2 * k * softplus(r) - logBeta(k, k);
  const step = 0.002;
  let top = Number.NEGATIVE_INFINITY;
  for (let r = -20; r < 20; r += 0.01) top = Math.max(top, height(r));
  let sum = 0;
  for (let r = -20; r < 20; r += step) sum += Math.exp(height(r) - top) * step;
  return top + Math.log(sum) + spread;
}

describe("noise in the log-odds", () => {
  it.each([0.15, 0.5, 2])("of variance %d keeps the mean of a split by its shift", (v) => {
    const noise = logOddsNoise(v);
    const { k } = noise;
    for (const logit of [-4, -2, 0, 1.5]) {
      const shift = shiftAt(noise, logit);
      let mean = 0;
      for (let r = -30; r < 30; r += 0.01) {
        mean += 0.01 * Math.exp(k * r - 2 * k * softplus(r) - logBeta(k, k)) * sigmoid(logit + shift + r);
      }
      expect(mean).toBeCloseTo(sigmoid(logit), 4);
    }
  });

  it.each([
    [2, 1, 1],
    [2, 0, 3],
    [2, 5, 10],
    [0.5, 100, 15_000],
    [0.15, 4_000, 15_000],
    [0.5, 14_000, 15_000],
  ])("of variance %d gives %d of %d events a likelihood within Laplace's error", (v, first, both) => {
    const split = { first, both, logit: -2.2, spread: 0.3 };
    const { logLikelihood } = noisyLikelihood(logOddsNoise(v), split, 0, null);
    expect(Math.abs(logLikelihood - exact(v, split))).toBeLessThan(0.15);
  });

  it("finds the same peak from any start", () => {
    const noise = logOddsNoise(2);
    const split = { first: 14_000, both: 15_000, logit: -2.2, spread: 0 };
    const from = (start: number): number => noisyLikelihood(noise, split, 0, start).logLikelihood;
    expect(from(-6)).toBeCloseTo(from(6), 1);
    expect(from(0)).toBeCloseTo(from(6), 1);
  });

  it("says nothing where nothing happened", () => {
    const split = { first: 0, both: 0, logit: -2, spread: 0 };
    expect(noisyLikelihood(logOddsNoise(2), split, 0, null).logLikelihood).toBe(0);
  });
});

describe("Wilson's interval", () => {
  it.each([
    // Closed forms: n / (n + z^2) and z^2 / (n + z^2) at the edges.
    [0, 10, 0, 0.2775],
    [5, 50, 0.0435, 0.2136],
    [50, 50, 0.9287, 1],
  ])("of %i out of %i", (successes, trials, lower, upper) => {
    const interval = wilsonInterval(successes, trials, 1.959964);
    expect(interval.lower).toBeCloseTo(lower, 4);
    expect(interval.upper).toBeCloseTo(upper, 4);
  });

  it("knows nothing without trials", () => {
    expect(wilsonInterval(0, 0, 3)).toEqual({ lower: 0, upper: 1 });
  });
});
