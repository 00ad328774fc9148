import type { JudgeSettings } from "../verdict/judge.ts";
import { wilsonInterval } from "../verdict/math/wilson.ts";
import type { Arms } from "./aa-split.ts";
import type { TraceRow } from "./trace.ts";
import { type Final, finalOf } from "./trace-judge.ts";

/** One split of one window, judged. */
export interface AaRun {
  readonly fromMs: number;
  readonly arms: Arms;
  readonly final: Final;
}

/** What became of all runs. */
export interface AaTally {
  readonly windows: number;
  readonly runs: number;
  readonly passed: number;
  readonly inconclusive: number;
  readonly rolledBack: readonly AaRun[];
  /** Part of the runs that was rolled back, and its 95 % interval. */
  readonly rate: number;
  readonly interval: Interval;
  /** What kept runs from passing, the commonest first. */
  readonly missing: readonly Missing[];
}

/** One reason, whatever its numbers. */
interface Missing {
  readonly example: string;
  readonly runs: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A change of the settings, and what is left of the rollbacks with it. */
export interface Trial {
  readonly change: Change;
  readonly rolledBack: number;
  readonly rate: number;
}

export type Change =
  | { readonly kind: "alpha"; readonly value: number }
  | { readonly kind: "minDelta" | "maxRatio"; readonly value: number; readonly metrics: readonly string[] }
  | { readonly kind: "no limit"; readonly metrics: readonly string[] };

/** Traces of rolled-back runs that are kept, to try other settings on them. */
const MOST_KEPT = 200;

const ALPHAS = [0.005, 0.002, 0.001, 0.0005, 0.0001] as const;
/** Of built-in metrics: a fraction of requests. */
const DELTAS = [0.002, 0.005, 0.01, 0.02, 0.05] as const;
const RATIOS = [2, 3, 5, 10] as const;

/** Judges runs as they come, and keeps what is needed to say how other settings would have done. */
export class Calibration {
  readonly #settings: JudgeSettings;
  readonly #rolledBack: AaRun[] = [];
  readonly #kept: (readonly TraceRow[])[] = [];
  readonly #shares: number[] = [];
  readonly #missing = new Map<string, Missing>();
  #passed = 0;
  #inconclusive = 0;

  constructor(settings: JudgeSettings) {
    this.#settings = settings;
  }

  /** All splits of one window. Null: there were none, and the window does not count. */
  window(
    fromMs: number,
    splits: readonly { readonly arms: Arms; readonly rows: readonly TraceRow[] }[],
  ): readonly AaRun[] {
    const runs = splits.map(({ arms, rows }) => {
      const run: AaRun = { fromMs, arms, final: finalOf(rows, this.#settings) };
      this.#count(run, rows);
      return run;
    });
    if (runs.length > 0) {
      this.#shares.push(runs.filter(({ final }) => final.result === "fail").length / runs.length);
    }
    return runs;
  }

  #count(run: AaRun, rows: readonly TraceRow[]): void {
    const { result, reason } = run.final;
    if (result === "pass") this.#passed += 1;
    if (result === "inconclusive") {
      this.#inconclusive += 1;
      const kind = reason.replace(/\d[\d.,]*/g, "");
      const { example = reason, runs = 0 } = this.#missing.get(kind) ?? {};
      this.#missing.set(kind, { example, runs: runs + 1 });
    }
    if (result !== "fail") return;
    this.#rolledBack.push(run);
    if (this.#kept.length < MOST_KEPT) this.#kept.push(rows);
  }

  tally(): AaTally {
    const rolledBack = this.#rolledBack;
    const runs = rolledBack.length + this.#passed + this.#inconclusive;
    const windows = this.#shares.length;
    const expected = this.#shares.reduce((sum, share) => sum + share, 0);
    return {
      windows,
      runs,
      passed: this.#passed,
      inconclusive: this.#inconclusive,
      rolledBack,
      rate: runs === 0 ? 0 : rolledBack.length / runs,
      interval: wilson(expected, windows),
      missing: [...this.#missing.values()].sort((a, b) => b.runs - a.runs),
    };
  }

  /** For each setting the smallest change that brings the rate to alpha, or the largest one that does not. */
  trials(): readonly Trial[] {
    const failed = new Set(this.#rolledBack.flatMap(({ final }) => final.metric ?? []));
    return ladders(this.#settings, failed).flatMap((ladder) => this.#climb(ladder) ?? []);
  }

  #climb(ladder: readonly Change[]): Trial | null {
    let last: Trial | null = null;
    for (const change of ladder) {
      const rolledBack = this.#rolledBackWith(change);
      last = { change, rolledBack, rate: rolledBack / this.tally().runs };
      if (last.rate <= this.#settings.alpha) return last;
    }
    return last;
  }

  /** Tried on the runs that were rolled back: a milder setting rolls back no other. */
  #rolledBackWith(change: Change): number {
    const settings = changed(this.#settings, change);
    const still = this.#kept.filter((rows) => finalOf(rows, settings).result === "fail").length;
    return Math.round((still * this.#rolledBack.length) / Math.max(1, this.#kept.length));
  }
}

/** Rungs from the smallest change to the largest. */
function ladders(settings: JudgeSettings, failed: ReadonlySet<string>): readonly (readonly Change[])[] {
  const metrics = settings.metrics.filter(({ name }) => failed.has(name));
  const compared = metrics.filter(({ baseline }) => baseline !== null);
  const names = compared.map(({ name }) => name);
  const least = (of: "minDelta" | "maxRatio"): number =>
    Math.min(...compared.map(({ baseline }) => baseline?.[of] ?? 0));
  const limited = metrics.filter(({ min, max }) => min !== null || max !== null).map(({ name }) => name);
  return [
    ALPHAS.filter((value) => value < settings.alpha).map((value) => ({ kind: "alpha", value })),
    DELTAS.filter((value) => value > least("minDelta")).map((value) => ({
      kind: "minDelta",
      value,
      metrics: names,
    })),
    RATIOS.filter((value) => value > least("maxRatio")).map((value) => ({
      kind: "maxRatio",
      value,
      metrics: names,
    })),
    limited.length === 0 ? [] : [{ kind: "no limit", metrics: limited }],
  ];
}

/** The settings with the change, which never makes any of them stricter. */
function changed(settings: JudgeSettings, change: Change): JudgeSettings {
  if (change.kind === "alpha") return { ...settings, alpha: change.value };
  const metrics = settings.metrics.map((metric) => {
    if (!change.metrics.includes(metric.name)) return metric;
    if (change.kind === "no limit") return { ...metric, min: null, max: null };
    if (metric.baseline === null) return metric;
    const value = Math.max(metric.baseline[change.kind], change.value);
    return { ...metric, baseline: { ...metric.baseline, [change.kind]: value } };
  });
  return { ...settings, metrics };
}

const Z95 = 1.959964;

/**
 * Wilson's interval for a rate of which `sum` were seen in `size` independent trials. Windows are the trials: splits of
 * one window share its traffic, so that ten of them are not ten windows.
 */
export function wilson(sum: number, size: number): Interval {
  const { lower, upper } = wilsonInterval(sum, size, Z95);
  return { low: lower, high: upper };
}
