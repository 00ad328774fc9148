import {
  autocorrelated,
  type Behaviour,
  gammaBlocks,
  type Latency,
  type Noise,
  storms,
  type World,
} from "./world.ts";

/** Families of runs, and what the judge must reach on each. Times count from the onset of the regression. */
export interface Family {
  readonly name: string;
  readonly kind: "healthy" | "regression" | "no evidence";
  readonly world: World;
  readonly onsetMs: number;
  readonly want: Wanted;
}

/** Shares of runs, and minutes; what is absent is not demanded. */
export interface Wanted {
  readonly falseRollback?: number;
  readonly medianMin?: number;
  readonly p95Min?: number;
}

const ROWS = 120;
const INTERVAL_MS = 15_000;
const USUAL: Latency = { p50Ms: 30, p99Ms: 180 };

interface Setup {
  readonly rps: number;
  readonly base?: number;
  readonly canary?: Partial<Behaviour>;
  /** First row of the regression. */
  readonly onset?: number;
  /** One after the last row of it: a cold start ends. */
  readonly until?: number;
  readonly latency?: Latency;
  readonly more?: Partial<World>;
}

function world({ rps, base = 0.001, canary, onset = 0, until = ROWS, latency = USUAL, more }: Setup): World {
  const usual: Behaviour = { errorRate: base, latency };
  const changed: Behaviour = { ...usual, ...canary };
  return {
    rps,
    rows: ROWS,
    intervalMs: INTERVAL_MS,
    weight: () => 10,
    primary: () => usual,
    canary: (row) => (row >= onset && row < until ? changed : usual),
    ...more,
  };
}

function healthy(name: string, setup: Setup, falseRollback = 0.01): Family {
  return { name, kind: "healthy", world: world(setup), onsetMs: 0, want: { falseRollback } };
}

function regression(name: string, setup: Setup, want: Wanted = {}): Family {
  const onsetMs = (setup.onset ?? 0) * INTERVAL_MS;
  return { name, kind: "regression", world: world(setup), onsetMs, want };
}

function bothArms(noise: Noise): Partial<World> {
  return { primaryNoise: noise, canaryNoise: noise };
}

const steps = (row: number): number => [5, 25, 50][Math.min(2, Math.floor(row / 24))] as number;
const slower: Latency = { p50Ms: 45, p99Ms: 270 };
const tail: Latency = { ...USUAL, slowShare: 0.02, slowMs: 4 * USUAL.p99Ms };
const coldStart: Partial<Behaviour> = { errorRate: 0.02, latency: { p50Ms: 90, p99Ms: 540 } };
const ownNames = ["cpu", "memory", "queue", "gc", "threads", "cache", "retries", "lag"];

const HEALTHY: readonly Family[] = [
  healthy("1 rps, 0.1 %", { rps: 1 }),
  healthy("10 rps, 0.5 %", { rps: 10, base: 0.005 }),
  healthy("100 rps, 0.1 %", { rps: 100 }),
  healthy("100 rps, 0.9 %", { rps: 100, base: 0.009 }),
  healthy("1000 rps, 0.1 %", { rps: 1000 }),
  healthy("1000 rps, chronic 5 %", { rps: 1000, base: 0.05 }),
  healthy("ramp of load, 20 to 200 rps", { rps: 20, more: { load: (row) => 1 + (9 * row) / ROWS } }),
  healthy("shared outages, 100 rps", { rps: 100, more: { sharedNoise: storms(0.02, 60, 8) } }),
  healthy("shared outages, 1000 rps", { rps: 1000, more: { sharedNoise: storms(0.02, 60, 8) } }),
  healthy("shared bursts, 1000 rps", { rps: 1000, base: 0.005, more: { sharedNoise: gammaBlocks(1, 4) } }),
  healthy("weight steps 5, 25, 50 %", { rps: 100, more: { weight: steps } }),
  healthy("rows lost, 100 rps", {
    rps: 100,
    more: { lost: (prng) => (prng.chance(0.15) ? prng.pick(["canary", "primary", "both"] as const) : null) },
  }),
  healthy("inside the ratio, 1 % to 1.3 %", { rps: 100, base: 0.01, canary: { errorRate: 0.013 } }),
  healthy("inside the difference, 0.02 % to 0.1 %", {
    rps: 1000,
    base: 0.0002,
    canary: { errorRate: 0.001 },
  }),
  healthy("10 metrics together", { rps: 100, more: { own: { names: ownNames, sd: 0.3, factor: 1 } } }),
  healthy("cold start of 75 s, 100 rps", { rps: 100, canary: coldStart, until: 5 }, 0.02),
  healthy("bursts of 1 min, 10 rps", { rps: 10, base: 0.005, more: bothArms(gammaBlocks(1, 4)) }, 0.02),
  healthy("bursts of 1 min, 100 rps", { rps: 100, base: 0.005, more: bothArms(gammaBlocks(1, 4)) }, 0.02),
  healthy("bursts of 1 min, 1000 rps", { rps: 1000, base: 0.005, more: bothArms(gammaBlocks(1, 4)) }, 0.02),
  healthy("bursts of 15 s, 1000 rps", { rps: 1000, base: 0.005, more: bothArms(gammaBlocks(1, 1)) }, 0.02),
  healthy(
    "bursts of 4 min, 1000 rps",
    { rps: 1000, base: 0.005, more: bothArms(gammaBlocks(0.5, 16)) },
    0.05,
  ),
  healthy(
    "canary alone bursts, 100 rps",
    { rps: 100, base: 0.005, more: { canaryNoise: gammaBlocks(1, 4) } },
    0.02,
  ),
  healthy(
    "canary alone bursts, 1000 rps",
    { rps: 1000, base: 0.005, more: { canaryNoise: gammaBlocks(1, 4) } },
    0.02,
  ),
  healthy(
    "drifting arms (AR(1), 90 s), 1000 rps",
    { rps: 1000, base: 0.005, more: bothArms(autocorrelated(0.7, 6)) },
    0.05,
  ),
];

const REGRESSIONS: readonly Family[] = [
  regression("30 % errors, 1 rps", { rps: 1, canary: { errorRate: 0.3 } }, { p95Min: 7 }),
  regression("30 % errors, 10 rps", { rps: 10, canary: { errorRate: 0.3 } }, { p95Min: 1.25 }),
  regression("30 % errors, 100 rps", { rps: 100, canary: { errorRate: 0.3 } }, { p95Min: 1.25 }),
  regression(
    "30 % errors after 10 min, 10 rps",
    { rps: 10, canary: { errorRate: 0.3 }, onset: 40 },
    { p95Min: 1.25 },
  ),
  regression("+5 points, 100 rps", { rps: 100, canary: { errorRate: 0.051 } }, { p95Min: 3 }),
  regression("0.1 to 1 %, 100 rps", { rps: 100, canary: { errorRate: 0.01 } }, { medianMin: 5, p95Min: 8 }),
  regression(
    "0.1 to 1 % after 10 min, 100 rps",
    { rps: 100, canary: { errorRate: 0.01 }, onset: 40 },
    { medianMin: 5, p95Min: 8 },
  ),
  regression("0.1 to 1 %, 1000 rps", { rps: 1000, canary: { errorRate: 0.01 } }, { p95Min: 4.5 }),
  regression("0.1 to 0.5 %, 1000 rps", { rps: 1000, canary: { errorRate: 0.005 } }, { p95Min: 7 }),
  regression(
    "tail 4 x slower for 2 %, 100 rps",
    { rps: 100, canary: { latency: tail } },
    { medianMin: 4, p95Min: 7 },
  ),
  regression("median + 50 %, 100 rps", { rps: 100, canary: { latency: slower } }, { p95Min: 15 }),
  regression("one bad pod of four, 100 rps", { rps: 100, canary: { errorRate: 0.03 } }),
  regression("fast failures (5 %), 100 rps", {
    rps: 100,
    canary: { errorRate: 0.05, latency: { p50Ms: 20, p99Ms: 120 } },
  }),
  regression("0.5 to 5 % in bursty arms, 100 rps", {
    rps: 100,
    base: 0.005,
    canary: { errorRate: 0.05 },
    more: bothArms(gammaBlocks(0.7, 4)),
  }),
  regression("0.1 to 1 % behind a shared outage", {
    rps: 1000,
    canary: { errorRate: 0.01 },
    onset: 20,
    more: { sharedNoise: storms(0.02, 60, 8) },
  }),
  regression("0.1 to 1 % with weight steps", {
    rps: 100,
    canary: { errorRate: 0.01 },
    more: { weight: steps },
  }),
];

const HISTORY_ROWS = 120;

/** The same world with half an hour of the primary's history before the run, which is what the controller asks for. */
function withHistory(family: Family, want: Wanted = family.want): Family {
  return {
    ...family,
    name: `${family.name}, with history`,
    want,
    world: { ...family.world, historyRows: HISTORY_ROWS },
  };
}

const BASIC: readonly Family[] = [...HEALTHY, ...REGRESSIONS];

/** Throws where none is called so. */
export function familyNamed(name: string, among: readonly Family[] = FAMILIES): Family {
  const found = among.find((family) => family.name === name);
  if (found === undefined) throw new Error(`no family is called ${name}`);
  return found;
}

const HISTORY: readonly Family[] = [
  withHistory(familyNamed("100 rps, 0.1 %", BASIC)),
  withHistory(familyNamed("shared outages, 1000 rps", BASIC)),
  withHistory(familyNamed("bursts of 1 min, 100 rps", BASIC)),
  withHistory(familyNamed("bursts of 1 min, 1000 rps", BASIC)),
  withHistory(familyNamed("canary alone bursts, 100 rps", BASIC)),
  withHistory(familyNamed("canary alone bursts, 1000 rps", BASIC)),
  withHistory(familyNamed("drifting arms (AR(1), 90 s), 1000 rps", BASIC)),
  withHistory(familyNamed("0.1 to 1 %, 100 rps", BASIC), { p95Min: 5.5 }),
  withHistory(familyNamed("tail 4 x slower for 2 %, 100 rps", BASIC), { p95Min: 5 }),
];

/** The same regressions in mid-run: the bounds are those from the start. */
const LATE: readonly Family[] = [
  regression(
    "0.1 to 0.5 % after 10 min, 1000 rps",
    { rps: 1000, canary: { errorRate: 0.005 }, onset: 40 },
    { p95Min: 7 },
  ),
  regression(
    "+5 points after 10 min, 100 rps",
    { rps: 100, canary: { errorRate: 0.051 }, onset: 40 },
    { p95Min: 3 },
  ),
  regression(
    "0.1 to 1 % after 10 min, 1000 rps",
    { rps: 1000, canary: { errorRate: 0.01 }, onset: 40 },
    { p95Min: 4.5 },
  ),
  regression(
    "tail 4 x slower for 2 % after 10 min, 100 rps",
    { rps: 100, canary: { latency: tail }, onset: 40 },
    { medianMin: 4, p95Min: 7 },
  ),
  withHistory(familyNamed("0.1 to 1 % after 10 min, 100 rps", BASIC), { p95Min: 5.5 }),
];

const NO_EVIDENCE: readonly Family[] = [
  {
    name: "0.2 rps: 36 requests in 30 min",
    kind: "no evidence",
    world: world({ rps: 0.2 }),
    onsetMs: 0,
    want: { falseRollback: 0 },
  },
  {
    name: "metrics lost after 5 min",
    kind: "no evidence",
    world: world({ rps: 100, more: { lost: (_, row) => (row >= 20 ? "both" : null) } }),
    onsetMs: 0,
    want: { falseRollback: 0 },
  },
  {
    name: "primary's metrics lost after 5 min",
    kind: "no evidence",
    world: world({ rps: 100, more: { lost: (_, row) => (row >= 20 ? "primary" : null) } }),
    onsetMs: 0,
    want: { falseRollback: 0 },
  },
];

export const FAMILIES: readonly Family[] = [...HEALTHY, ...REGRESSIONS, ...HISTORY, ...LATE, ...NO_EVIDENCE];
