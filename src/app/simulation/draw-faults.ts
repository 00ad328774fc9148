import type { Prng } from "../../lib/prng.ts";
import type { PrometheusFault } from "../../sim/prometheus/fault.ts";
import type { Cut } from "./line.ts";
import { type NetworkFaults, NO_NETWORK_FAULTS } from "./network-faults.ts";
import type { Faults, Upheaval } from "./plan.ts";

/** Share of classes that are on: few at a time in most runs, so that each can show what it does alone. */
const CLASS_RATES = [0, 0.1, 0.15, 0.4];

const HEALTHY_MESH_DELAY_MS = 300;

export function noFaults(endMs: number): Faults {
  return {
    network: NO_NETWORK_FAULTS,
    killRate: 0,
    awayMs: 0,
    twoControllers: false,
    cuts: [],
    upheavals: [],
    prometheus: [],
    meshDelayMs: HEALTHY_MESH_DELAY_MS,
    inbox: "takes",
    webhooks: "answers",
    nodeFailures: [],
    gitOpsEveryMs: 0,
    endMs,
  };
}

export function drawFaults(prng: Prng, movesEndMs: number): Omit<Faults, "cuts"> {
  const endMs = movesEndMs + prng.integer(0, 60_000);
  const classRate = prng.pick(CLASS_RATES);
  const isOn = () => prng.chance(classRate);
  const twoControllers = isOn();
  return {
    network: drawNetwork(prng, isOn),
    killRate: isOn() ? prng.pick([0.002, 0.01, 0.05]) : 0,
    awayMs: prng.pick([500, 5_000, 30_000]),
    twoControllers,
    upheavals: twoControllers || isOn() ? drawUpheavals(prng, endMs, twoControllers) : [],
    prometheus: isOn() ? drawOutages(prng, endMs) : [],
    meshDelayMs: isOn() ? prng.integer(1_500, 4_000) : HEALTHY_MESH_DELAY_MS,
    gitOpsEveryMs: isOn() ? 30_000 : 0,
    inbox: isOn() ? prng.pick(["hangs", "fails"] as const) : "takes",
    webhooks: isOn() ? prng.pick(["refuses", "fails", "hangs", "slow"] as const) : "answers",
    nodeFailures: isOn() ? drawNodeFailures(prng, endMs) : [],
    endMs,
  };
}

function drawNetwork(prng: Prng, isOn: () => boolean): NetworkFaults {
  const rate = (...rates: readonly number[]) => (isOn() ? prng.pick(rates) : 0);
  return {
    errorRate: rate(0.02, 0.1, 0.3),
    statuses: prng.pick([[409], [429], [500], [409, 429, 500]]),
    lostRate: rate(0.01, 0.05),
    lostAnswerRate: rate(0.05, 0.2),
    latencyMs: rate(50, 500, 2_000),
    watchLagMs: rate(200, 2_000, 10_000),
    watchRepeatRate: rate(0.1),
    watchEndRate: rate(0.02),
    watchHangRate: rate(0.005),
    watchGoneRate: rate(0.01),
  };
}

/** One run in eight; somebody aborts in half of them where people do things at all. */
export function drawCuts(
  prng: Prng,
  {
    endMs,
    rollouts,
    isCalm,
  }: { readonly endMs: number; readonly rollouts: readonly string[]; readonly isCalm: boolean },
): readonly Cut[] {
  if (!prng.chance(1 / 8)) return [];
  return Array.from({ length: prng.integer(1, 3) }, () => {
    const abort = { rollout: prng.pick(rollouts), afterMs: prng.integer(0, 8_000) };
    return {
      atMs: prng.integer(0, endMs - 1),
      at: prng.pick(["virtualservices", "virtualservices", "deployments", "rollouts"] as const),
      forMs: prng.pick([0, 3_000, 15_000, 45_000]),
      abort: prng.chance(0.5) && !isCalm ? abort : null,
    };
  }).toSorted((a, b) => a.atMs - b.atMs);
}

/** A process that is alone can be frozen, and its clock set; there is no Lease to take from it. */
function drawUpheavals(prng: Prng, endMs: number, isShared: boolean): readonly Upheaval[] {
  return Array.from({ length: prng.integer(0, 3) }, () => {
    const kind = prng.pick(isShared ? SHARED_UPHEAVALS : LONE_UPHEAVALS);
    const forMs = kind === "clockJump" ? prng.integer(-60_000, 120_000) : prng.integer(1_000, 40_000);
    return { atMs: prng.integer(5_000, endMs - 1), kind, forMs };
  }).toSorted((a, b) => a.atMs - b.atMs);
}

const LONE_UPHEAVALS = ["freeze", "clockJump"] as const;
const SHARED_UPHEAVALS = ["freeze", "steal", "deleteLease", "clockJump"] as const;

/** Up to longer than it takes until a node is given up (40 s). */
function drawNodeFailures(prng: Prng, endMs: number): Faults["nodeFailures"] {
  return Array.from({ length: prng.integer(1, 2) }, () => ({
    atMs: prng.integer(5_000, endMs - 1),
    forMs: prng.integer(2_000, 60_000),
  })).toSorted((a, b) => a.atMs - b.atMs);
}

const OUTAGES: readonly PrometheusFault[] = [
  { kind: "down" },
  { kind: "slow", delayMs: 3_000 },
  { kind: "slow", delayMs: 20_000 },
  { kind: "errors" },
  { kind: "empty" },
  { kind: "nan" },
  { kind: "behind", byMs: 30_000 },
  { kind: "lies" },
];

function drawOutages(prng: Prng, endMs: number): Faults["prometheus"] {
  return Array.from({ length: prng.integer(1, 2) }, () => {
    const fromMs = prng.integer(0, endMs - 1);
    return { fromMs, toMs: fromMs + prng.integer(2_000, 60_000), fault: prng.pick(OUTAGES) };
  });
}
