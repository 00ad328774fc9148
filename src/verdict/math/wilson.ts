/**
 * Wilson's score interval for a binomial proportion: all p that k successes out of n do not contradict at z standard
 * deviations, 0 <= lower <= k/n <= upper <= 1. Unlike k/n +- z sqrt(k/n (1 - k/n) / n) it holds for few requests and
 * for shares near 0 and 1.
 *
 *   (k + z^2/2 +- z sqrt(k (n - k) / n + z^2/4)) / (n + z^2)
 *
 * E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212;
 * recommended by Brown, Cai, DasGupta, Interval estimation for a binomial proportion, Stat. Sci. 16 (2001) 101-133.
 */
export function wilsonInterval(
  successes: number,
  trials: number,
  z: number,
): { readonly lower: number; readonly upper: number } {
  if (trials <= 0) return { lower: 0, upper: 1 };
  const squared = z * z;
  const middle = successes + squared / 2;
  const half = z * Math.sqrt((successes * (trials - successes)) / trials + squared / 4);
  const scale = trials + squared;
  return { lower: Math.max(0, (middle - half) / scale), upper: Math.min(1, (middle + half) / scale) };
}
