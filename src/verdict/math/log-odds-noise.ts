import { sigmoid, softplus } from "./logistic.ts";

/**
 * Noise in the log-odds of a split: r = ln(G1 / G2), each G the Gamma(k, 1/k) multiplier of one arm. Its density is
 * f_k(r) = e^(kr) / ((1 + e^r)^(2k) B(k, k)) (logistic for k = 1), its variance about 2/k: v is twice the squared
 * coefficient of variation of one arm.
 */
export interface LogOddsNoise {
  readonly k: number;
  /** Shift m that keeps the mean of sigmoid(x + m + r) at sigmoid(x): by x from -LOGIT_RANGE in steps of LOGIT_STEP. */
  readonly shifts: Float64Array;
}

const LOGIT_RANGE = 9;
const LOGIT_STEP = 0.1;
const SIZE = Math.round((2 * LOGIT_RANGE) / LOGIT_STEP) + 1;

/** The noise of variance `v`; tabulates its mean-preserving shift. */
export function logOddsNoise(v: number): LogOddsNoise {
  const k = 2 / v;
  const nodes = quadrature(k);
  const shifts = new Float64Array(SIZE);
  const middle = (SIZE - 1) / 2;
  let shift = 0;
  for (let i = middle; i < SIZE; i++) {
    shift = solveShift((i - middle) * LOGIT_STEP, shift, nodes);
    shifts[i] = shift;
    shifts[SIZE - 1 - i] = -shift;
  }
  return { k, shifts };
}

interface Node {
  readonly r: number;
  readonly mass: number;
}

/** Trapezoidal rule over f_k, which converges exponentially for such densities; masses sum to 1. */
function quadrature(k: number): readonly Node[] {
  const reach = 4 + 24 / k;
  const step = Math.min(0.25, 0.5 / Math.sqrt(k));
  const count = Math.ceil(reach / step);
  const nodes = Array.from({ length: 2 * count + 1 }, (_, i) => {
    const r = (i - count) * step;
    return { r, mass: Math.exp(k * r - 2 * k * softplus(r) + 2 * k * Math.LN2) };
  }).filter((node) => node.mass > 1e-12);
  const total = nodes.reduce((sum, node) => sum + node.mass, 0);
  return nodes.map(({ r, mass }) => ({ r, mass: mass / total }));
}

/** Newton's method for the shift at one logit, from the neighbour's. */
function solveShift(logit: number, from: number, nodes: readonly Node[]): number {
  const want = sigmoid(logit);
  let shift = from;
  for (let i = 0; i < 20; i++) {
    let mean = 0;
    let slope = 0;
    for (const { r, mass } of nodes) {
      const s = sigmoid(logit + shift + r);
      mean += mass * s;
      slope += mass * s * (1 - s);
    }
    const step = (want - mean) / slope;
    shift += step;
    if (Math.abs(step) < 1e-9) break;
  }
  return shift;
}

/** The shift at a logit, interpolated; constant outside the table. */
export function shiftAt(noise: LogOddsNoise, logit: number): number {
  const place = (Math.max(-LOGIT_RANGE, Math.min(LOGIT_RANGE, logit)) + LOGIT_RANGE) / LOGIT_STEP;
  const index = Math.min(SIZE - 2, Math.floor(place));
  const low = noise.shifts[index] as number;
  return low + (place - index) * ((noise.shifts[index + 1] as number) - low);
}

/** How the events of some intervals split between two arms. */
export interface Split {
  /** Events of the first arm, and of both. */
  readonly first: number;
  readonly both: number;
  /** Log-odds of the first arm among all requests: the intervals' mean, weighted by their events. */
  readonly logit: number;
  /** Sum over the intervals of (events of the first arm) x (interval's log-odds - mean): 0 for one interval. */
  readonly spread: number;
}

/** Where the integrand peaks is a good start for the same run one interval later. */
export interface Peak {
  readonly mode: number;
  readonly logLikelihood: number;
}

const LARGEST_STEP = 2;
const MOST_STEPS = 60;
/** Stop where what is left to climb is this small, in nats. */
const LEAST_CLIMB = 0.01;
const NO_EVENTS: Peak = { mode: 0, logLikelihood: 0 };

/**
 * ln likelihood of an (ordered) split whose log-odds are raised by `logRatio` and by noise that is the same in all its
 * intervals: the integral over the noise. By Laplace's method for the integral and for the normaliser alike, so that
 * their errors cancel (Tierney & Kadane 1986) and no events give exactly 0. Intervals are pooled at their mean log-odds,
 * to first order in how these differ.
 */
export function noisyLikelihood(
  noise: LogOddsNoise,
  split: Split,
  logRatio: number,
  start: number | null,
): Peak {
  const { first, both } = split;
  if (both === 0) return NO_EVENTS;
  const { k } = noise;
  const logit = split.logit + logRatio;
  // The mean is kept only where counts are small: else the noise alone would explain a ratio at low traffic.
  const centre = logit + shiftAt(noise, logit) / (1 + both / 3);
  const oddsAgainst = Math.exp(-centre);
  let r = start ?? guessMode(k, first, both, centre);
  // The integrand is log-concave: its slope's sign brackets the peak, which keeps Newton from jumping to and fro.
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (let i = 0; ; i++) {
    const e = Math.exp(-r);
    const s = 1 / (1 + oddsAgainst * e);
    const t = 1 / (1 + e);
    const slope = first - both * s + k - 2 * k * t;
    const curve = both * s * (1 - s) + 2 * k * t * (1 - t);
    const step = Math.max(-LARGEST_STEP, Math.min(LARGEST_STEP, slope / curve));
    const climb = 0.5 * slope * step;
    if (climb < LEAST_CLIMB || i === MOST_STEPS) {
      // ln(1 + e^x) = x - ln sigmoid(x); the parabola at r gives the height of the peak.
      const x = centre + r;
      const height = first * x - both * (x - Math.log(s)) + k * r - 2 * k * (r - Math.log(t)) + climb;
      const volume = 0.5 * Math.log(k / 2 / curve) + 2 * k * Math.LN2;
      return { mode: r + step, logLikelihood: height + volume + split.spread };
    }
    if (slope > 0) low = r;
    else high = r;
    const next = r + step;
    r = next > low && next < high ? next : (low + high) / 2;
  }
}

/** Between the noise's own mode, 0, and the shift that explains the split, by the information in each. */
function guessMode(k: number, first: number, both: number, centre: number): number {
  const explained = Math.log((first + 0.5) / (both - first + 0.5)) - centre;
  const q = sigmoid(centre);
  const information = both * q * (1 - q);
  return Math.max(-6, Math.min(6, (explained * information) / (information + k / 2)));
}
