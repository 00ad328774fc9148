/** Coefficients B(2n) / (2n (2n - 1)) of Stirling's series (Abramowitz & Stegun 6.1.41). */
const C1 = 1 / 12;
const C2 = -1 / 360;
const C3 = 1 / 1_260;
const C4 = -1 / 1_680;
const HALF_LN_TWO_PI = 0.5 * Math.log(2 * Math.PI);
const LARGE = 8;

/** ln of the gamma function for x > 0, to about 1e-11: Stirling's series, after shifting x up where it is small. */
export function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  while (shifted < LARGE) {
    product *= shifted;
    shifted += 1;
  }
  const inverse = 1 / shifted;
  const square = inverse * inverse;
  const series = inverse * (C1 + square * (C2 + square * (C3 + square * C4)));
  return (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LN_TWO_PI + series - Math.log(product);
}

/** ln of the beta function, a and b > 0. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}
