import { analysisSchema } from "../../../src/api/spec-analysis.ts";
import { type JudgeSettings, judgeSettings } from "../../../src/verdict/judge.ts";
import type { Family } from "./families.ts";
import { argo, flagger, mannWhitney, naiveZ, type Rule, toMinutes } from "./peers.ts";
import { DEFAULTS, judgeTrace } from "./run-judge.ts";
import { simulate } from "./world.ts";

/** What became of the runs of a family under one rule. */
export interface Tally {
  readonly runs: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly passed: number;
  /** Minutes from the onset to the rollback, one a run; infinite where none came, below 0 where it came too early. */
  readonly minutes: readonly number[];
}

export interface Measured {
  readonly family: Family;
  readonly sluice: Tally;
  readonly peers: Readonly<Record<string, Tally>>;
}

interface Ending {
  readonly result: "pass" | "fail" | "inconclusive";
  readonly atMs: number;
}

const PEERS: Readonly<Record<string, Rule>> = {
  Flagger: flagger,
  Argo: argo,
  "naive z": naiveZ,
  "Mann-Whitney": mannWhitney,
};

export const PEER_NAMES: readonly string[] = Object.keys(PEERS);

/** Runs a family on seeds `first`, `first + 1`, ... */
export function measure(family: Family, runs: number, first: number): Measured {
  const endings: Ending[] = [];
  const peers = new Map<string, Ending[]>(PEER_NAMES.map((name) => [name, []]));
  const settings = settingsFor(family);
  for (let seed = first; seed < first + runs; seed++) {
    const rows = simulate(family.world, seed);
    endings.push(judgeTrace(rows, settings));
    const minutes = toMinutes(rows);
    for (const [name, rule] of Object.entries(PEERS)) peers.get(name)?.push(rule(minutes));
  }
  const tallies = [...peers].map(([name, ended]) => [name, tallyOf(ended, family.onsetMs)] as const);
  return { family, sluice: tallyOf(endings, family.onsetMs), peers: Object.fromEntries(tallies) };
}

/** The defaults, and a baseline for each metric with a query of its own. */
function settingsFor({ world }: Family): JudgeSettings {
  if (world.own === undefined) return DEFAULTS;
  const own = world.own.names.map((name) => ({ name, query: name, baseline: {} }));
  const builtIn = ["success-rate", "latency"].map((name) => ({ name, baseline: {} }));
  return judgeSettings(analysisSchema.parse({ metrics: [...builtIn, ...own] }));
}

function tallyOf(endings: readonly Ending[], onsetMs: number): Tally {
  const count = (result: Ending["result"]): number =>
    endings.filter((ending) => ending.result === result).length;
  return {
    runs: endings.length,
    failed: count("fail"),
    inconclusive: count("inconclusive"),
    passed: count("pass"),
    minutes: endings.map((ending) =>
      ending.result === "fail" ? (ending.atMs - onsetMs) / 60_000 : Number.POSITIVE_INFINITY,
    ),
  };
}

/** The smallest number that this part of the values do not exceed. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
