import type { Rollout } from "../api/rollout.ts";
import type { RecordedPods } from "../app/pod-traffic.ts";
import { HISTORY_INTERVALS } from "../core/ask.ts";
import { stepsOf } from "../core/steps.ts";
import { roughDuration } from "../lib/duration.ts";
import { Prng } from "../lib/prng.ts";
import { isoTime } from "../lib/time.ts";
import { type JudgeSettings, judgeSettings } from "../verdict/judge.ts";
import { Calibration } from "./aa-calibration.ts";
import { aaJson, aaRunJson, aaText, type SkippedWindow } from "./aa-report.ts";
import { balancedSplits, steadyPods, traceOf } from "./aa-split.ts";
import { type AaWindow, cutWindows, type StepRows, stepRows } from "./aa-windows.ts";
import type { CommandContext } from "./command-context.ts";
import { CommandFailed } from "./exit-codes.ts";
import { type Terminal, UsageError } from "./terminal.ts";

/** Flags of `sluice backtest --aa`, parsed. */
export interface AaFlags {
  readonly prometheus: string;
  readonly from: number;
  readonly to: number;
  readonly primary?: string;
  readonly podLabel?: string;
  readonly splits: number;
  readonly seed: number;
  readonly output: "json" | "text";
}

const WHY_NOT_ONE_POD = [
  "One pod cannot be split against itself. Its odd intervals against its even ones: what hits both arms at once, and so",
  "cancels in a release, would not. Its requests by lot: both arms would have each of its bursts, and look calmer than two",
  "pods ever are. Run two pods for a day, or take a service like this one that has more.",
].join("\n");

/** Splits the primary against itself, again and again: how often would Sluice have rolled back what is healthy? */
export async function runAa(
  flags: AaFlags,
  rollout: Rollout,
  { terminal, clock }: CommandContext,
): Promise<void> {
  const settings = splittable(judgeSettings(rollout.spec.analysis), terminal);
  const plan = stepRows(stepsOf(rollout.spec), settings);
  const length = plan.reduce((sum, { rows }) => sum + rows, 0);
  const range = rangeOf(flags, settings.intervalMs, length);
  const { recordedPods } = await import("../app/pod-traffic.ts");
  const { prometheus: url, primary: workload, podLabel } = flags;
  const found = await recordedPods(url, clock, {
    ...{ rollout, workload, podLabel },
    ...range,
    intervalMs: settings.intervalMs,
  });
  const label = labelOf(found, url);
  const calibration = new Calibration(settings);
  const skipped: SkippedWindow[] = [];
  const progress = new Progress(terminal, range.windows);
  for await (const window of cutWindows(found.rows(), length)) {
    const runs = judgeWindow(window, { plan, flags, calibration, skipped });
    if (flags.output === "json") for (const run of runs) terminal.out(`${aaRunJson(run)}\n`);
    progress.tick();
  }
  const tally = calibration.tally();
  if (tally.runs === 0) {
    const [first] = skipped;
    throw new CommandFailed(
      "failed",
      `${found.workload}: no window could be split; from ${isoTime(first?.fromMs ?? 0)}: ${first?.why}`,
    );
  }
  const report = {
    workload: found.workload,
    podLabel: label,
    fromMs: range.firstMs,
    toMs: range.toMs,
    alpha: settings.alpha,
    windowMs: length * settings.intervalMs,
    skipped,
    tally,
    trials: tally.rate > settings.alpha ? calibration.trials() : [],
  };
  terminal.out(flags.output === "json" ? `${aaJson(report)}\n` : aaText(report));
}

/** The label that tells at least two pods apart; else what can be done. */
function labelOf({ label, workload }: RecordedPods, url: string): string {
  if (!label.ok) {
    const labels =
      label.seen.length === 0
        ? ""
        : `. Name one with --pod-label; besides Istio's own it has ${label.seen.join(", ")}`;
    throw new CommandFailed("failed", `${url}: ${label.problem}${labels}`);
  }
  if (label.pods.length < 2) {
    throw new CommandFailed(
      "failed",
      `${workload} has one pod, ${label.pods[0]} (by ${label.label}).\n${WHY_NOT_ONE_POD}`,
    );
  }
  return label.label;
}

interface Judging {
  readonly plan: readonly StepRows[];
  readonly flags: AaFlags;
  readonly calibration: Calibration;
  readonly skipped: SkippedWindow[];
}

function judgeWindow(
  window: AaWindow,
  { plan, flags, calibration, skipped }: Judging,
): ReturnType<Calibration["window"]> {
  const { fromMs } = window;
  // By window, so that the same window is split the same way whatever came before it.
  const prng = new Prng(flags.seed + fromMs);
  const splits = balancedSplits(steadyPods(window), flags.splits, prng);
  if (splits.length === 0) skipped.push({ fromMs, why: whyNot(window) });
  const traces = splits.map((arms) => ({ arms, rows: traceOf(window, arms, plan, prng.fork()) }));
  return calibration.window(fromMs, traces);
}

function whyNot({ rows }: AaWindow): string {
  const error = rows.find((row) => row.error !== undefined)?.error;
  if (error !== undefined) return error;
  return rows.every(({ pods }) => pods.size === 0)
    ? "no requests"
    : "fewer than two pods were there from beginning to end";
}

/** Own queries ask for a workload: how they would look for half of its pods nobody knows. */
function splittable(settings: JudgeSettings, terminal: Terminal): JudgeSettings {
  const metrics = settings.metrics.filter(({ kind }) => kind !== "own");
  for (const { name, kind } of settings.metrics) {
    if (kind === "own")
      terminal.err(
        `sluice: ${name} has a query of its own, which cannot be split by pod: it is not judged\n`,
      );
  }
  if (metrics.length === 0) throw new UsageError("--aa wants success-rate or latency among the metrics");
  return { ...settings, metrics };
}

interface Range {
  /** Start of the first window. */
  readonly firstMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly windows: number;
}

/** Rows to read: the history before the first window, then as many windows as there is room for. */
function rangeOf({ from, to }: AaFlags, intervalMs: number, length: number): Range {
  const startMs = Math.ceil(from / intervalMs) * intervalMs;
  const rows = Math.floor(to / intervalMs) - startMs / intervalMs;
  const windows = Math.floor(rows / length);
  if (windows < 1) {
    const run = roughDuration(length * intervalMs);
    throw new UsageError(
      `${roughDuration(to - from)} from --from to --to is too short: a run of this Rollout takes ${run}, and to measure a rate takes days`,
    );
  }
  return {
    firstMs: startMs,
    fromMs: startMs - (HISTORY_INTERVALS - 1) * intervalMs,
    toMs: startMs + windows * length * intervalMs,
    windows,
  };
}

/** Every tenth of many windows, on the error stream. */
class Progress {
  readonly #terminal: Terminal;
  readonly #total: number;
  #done = 0;

  constructor(terminal: Terminal, total: number) {
    this.#terminal = terminal;
    this.#total = total;
  }

  tick(): void {
    const step = Math.ceil(this.#total / 10);
    this.#done += 1;
    if (step < LEAST_STEP || this.#done % step !== 0 || this.#done === this.#total) return;
    this.#terminal.err(`sluice: ${this.#done} of ${this.#total} windows\n`);
  }
}

const LEAST_STEP = 5;
