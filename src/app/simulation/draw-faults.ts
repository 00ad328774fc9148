import type { Prng } from "../../lib/prng.ts";
import type { PrometheusFault } from "../../sim/prometheus/embedded-prometheus.ts";
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
    upheavals: [],
    prometheus: [],
    meshDelayMs: HEALTHY_MESH_DELAY_MS,
    inbox: "takes",
    gitOpsEveryMs: 0,
    endMs,
  };
}

export function drawFaults(prng: Prng, movesEndMs: number): Faults {
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

/** A process that is alone can be frozen; there is no Lease to take from it. */
function drawUpheavals(prng: Prng, endMs: number, isShared: boolean): readonly Upheaval[] {
  return Array.from({ length: prng.integer(0, 3) }, () => ({
    atMs: prng.integer(5_000, endMs - 1),
    kind: isShared ? prng.pick(["freeze", "steal", "deleteLease"] as const) : "freeze",
    forMs: prng.integer(1_000, 40_000),
  })).toSorted((a, b) => a.atMs - b.atMs);
}

const OUTAGES: readonly PrometheusFault[] = [
  { kind: "down" },
  { kind: "slow", delayMs: 3_000 },
  { kind: "slow", delayMs: 20_000 },
  { kind: "errors" },
  { kind: "empty" },
  { kind: "nan" },
];

function drawOutages(prng: Prng, endMs: number): Faults["prometheus"] {
  return Array.from({ length: prng.integer(1, 2) }, () => {
    const fromMs = prng.integer(0, endMs - 1);
    return { fromMs, toMs: fromMs + prng.integer(2_000, 60_000), fault: prng.pick(OUTAGES) };
  });
}
