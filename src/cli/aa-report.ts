import { roughDuration } from "../lib/duration.ts";
import { isoTime } from "../lib/time.ts";
import { count, percentage } from "../verdict/wording.ts";
import type { AaRun, AaTally, Change, Trial } from "./aa-calibration.ts";

/** What `sluice backtest --aa` prints at the end. */
export interface AaReport {
  /** `shop/checkout-primary` */
  readonly workload: string;
  readonly podLabel: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly alpha: number;
  readonly windowMs: number;
  readonly skipped: readonly SkippedWindow[];
  readonly tally: AaTally;
  /** Empty where nothing needs changing. */
  readonly trials: readonly Trial[];
}

export interface SkippedWindow {
  readonly fromMs: number;
  readonly why: string;
}

/** Rollbacks that are listed for people, oldest first. */
const MOST_LISTED = 10;
/** A pod that was in so many of the canaries that were rolled back is named. */
const SUSPECT = 0.8;
const LEAST_TO_SUSPECT = 3;

export type Finding = "held" | "unclear" | "exceeded";

/** Whether alpha holds on this traffic. */
export function findingOf({ alpha, tally }: AaReport): Finding {
  if (tally.interval.low > alpha) return "exceeded";
  return tally.interval.high <= alpha ? "held" : "unclear";
}

/** The first setting that suffices: alpha costs least, then what hides small regressions, then what hides larger ones. */
export function suggestionOf({ alpha, trials }: AaReport): Trial | null {
  return trials.find(({ rate }) => rate <= alpha) ?? null;
}

export function aaRunJson({ fromMs, arms, final }: AaRun): string {
  return JSON.stringify({
    from: fromMs / 1_000,
    canaryPods: arms.canary,
    final: final.result,
    at: final.atMs / 1_000,
    reason: final.reason,
  });
}

export function aaJson(report: AaReport): string {
  const { tally, trials } = report;
  const suggestion = suggestionOf(report);
  return JSON.stringify({
    aa: findingOf(report),
    workload: report.workload,
    podLabel: report.podLabel,
    alpha: report.alpha,
    windowSeconds: report.windowMs / 1_000,
    windows: tally.windows,
    skippedWindows: report.skipped.length,
    runs: tally.runs,
    rolledBack: tally.rolledBack.length,
    passed: tally.passed,
    inconclusive: tally.inconclusive,
    rate: rounded(tally.rate),
    interval: [rounded(tally.interval.low), rounded(tally.interval.high)],
    suspectPod: suspectOf(tally.rolledBack)?.pod ?? null,
    trials: trials.map((trial) => ({
      ...changeJson(trial.change),
      rolledBack: trial.rolledBack,
      rate: rounded(trial.rate),
    })),
    suggestion: suggestion === null ? null : changeJson(suggestion.change),
  });
}

export function aaText(report: AaReport): string {
  const { tally } = report;
  return [
    heading(report),
    "",
    ...result(report),
    ...rollbacks(tally.rolledBack),
    "",
    ...advice(report),
    "",
  ].join("\n");
}

function heading({ workload, podLabel, fromMs, toMs, windowMs, tally, skipped }: AaReport): string {
  const [first] = skipped;
  return [
    `${workload} against itself, split by ${podLabel}, ${isoTime(fromMs)} to ${isoTime(toMs)}:`,
    `${many(tally.runs, "run")} of ${roughDuration(windowMs)} in ${many(tally.windows, "window")}.`,
    ...(first === undefined
      ? []
      : [
          `${many(skipped.length, "window")} left out, the first from ${isoTime(first.fromMs)}: ${first.why}.`,
        ]),
  ].join("\n");
}

function result({ alpha, tally }: AaReport): readonly string[] {
  const { runs, rolledBack, rate, interval, passed, inconclusive, windows } = tally;
  const healthy = `${count(runs)} healthy ${runs === 1 ? "run" : "runs"}`;
  return [
    `At alpha ${percentage(alpha)} Sluice would have rolled back ${count(rolledBack.length)} of ${healthy}: ${percentage(rate)},`,
    `95 % interval ${percentage(interval.low)} to ${percentage(interval.high)} (${many(windows, "window")} count; splits of one share its traffic).`,
    `${count(passed)} would have been promoted, ${count(inconclusive)} would have ended inconclusive${mostly(tally)}.`,
  ];
}

function mostly({ missing }: AaTally): string {
  const [most] = missing;
  return most === undefined ? "" : ` (${count(most.runs)} of them as in: ${most.example})`;
}

function rollbacks(runs: readonly AaRun[]): readonly string[] {
  if (runs.length === 0) return [];
  const more = runs.length - MOST_LISTED;
  const suspect = suspectOf(runs);
  const lines = runs.slice(0, MOST_LISTED).map(({ final }) => `  ${isoTime(final.atMs)}  ${final.reason}`);
  if (more > 0) lines.push(`  and ${count(more)} more`);
  if (suspect !== null) {
    const { pod, rollbacks: seen } = suspect;
    lines.push(
      "",
      `${pod} played the canary in ${seen} of these ${runs.length}; by lot it would be half at most.`,
    );
  }
  return ["", ...lines];
}

interface Suspect {
  readonly pod: string;
  readonly rollbacks: number;
}

/** A pod that played the canary in nearly all rollbacks, of which half would be usual. */
function suspectOf(runs: readonly AaRun[]): Suspect | null {
  if (runs.length < LEAST_TO_SUSPECT) return null;
  const seen = new Map<string, number>();
  for (const pod of runs.flatMap(({ arms }) => arms.canary)) seen.set(pod, (seen.get(pod) ?? 0) + 1);
  const [most] = [...seen].sort(([, a], [, b]) => b - a);
  return most !== undefined && most[1] >= SUSPECT * runs.length ? { pod: most[0], rollbacks: most[1] } : null;
}

function advice(report: AaReport): readonly string[] {
  const { alpha, tally } = report;
  const finding = findingOf(report);
  if (tally.rate > alpha)
    return [certainty(report, finding), "", ...table(report), "", advised(report, finding)];
  if (finding === "held")
    return [`alpha ${percentage(alpha)} holds on this traffic; nothing needs changing.`];
  return [
    `Nothing speaks against alpha ${percentage(alpha)}; nothing needs changing. To be sure takes ${moreWindows(report)}.`,
  ];
}

function certainty(report: AaReport, finding: Finding): string {
  const more = `That is more than alpha ${percentage(report.alpha)}`;
  return finding === "exceeded"
    ? `${more}, beyond doubt.`
    : `${more}, which may be chance: ${moreWindows(report)} would tell.`;
}

function table({ tally, trials }: AaReport): readonly string[] {
  const rows = trials.map(({ change, rolledBack, rate }) => [
    changeText(change),
    `${count(rolledBack)} of ${count(tally.runs)} (${percentage(rate)})`,
  ]);
  const all = [["with", "rolled back"], ...rows];
  const width = Math.max(...all.map(([setting = ""]) => setting.length));
  return all.map(([setting = "", left]) => `  ${setting.padEnd(width)}  ${left}`);
}

function advised(report: AaReport, finding: Finding): string {
  const suggestion = suggestionOf(report);
  const suspect = suspectOf(report.tally.rolledBack);
  if (suggestion === null) {
    return "None of these suffices: the arms do differ. See which pods and which metric, before any setting.";
  }
  const text = changeText(suggestion.change);
  if (suspect !== null)
    return `Look at ${suspect.pod} and its node first; if it is to stay as it is: ${text}.`;
  return finding === "exceeded" ? `Suggestion: ${text}.` : `If it is not chance: ${text}.`;
}

/** Windows without a rollback from which Wilson's interval ends below alpha: z^2 (1 - alpha) / alpha. */
function moreWindows({ alpha, windowMs }: AaReport): string {
  const windows = Math.ceil((3.84 * (1 - alpha)) / alpha);
  return `${count(windows)} windows or more (about ${roughDays(windows * windowMs)})`;
}

function roughDays(ms: number): string {
  const days = ms / 86_400_000;
  return days < 1 ? roughDuration(Math.ceil(ms / 3_600_000) * 3_600_000) : `${Math.ceil(days)} days`;
}

function changeText(change: Change): string {
  if (change.kind === "alpha") return `alpha: ${change.value}`;
  const metrics = change.metrics.join(" and ");
  if (change.kind === "no limit") return `${metrics} without min and max`;
  const value = change.kind === "minDelta" ? 100 * change.value : change.value;
  return `${metrics}: baseline.${change.kind}: ${value}`;
}

/** As the Rollout has it: minDelta in percentage points. */
function changeJson(change: Change): object {
  if (change.kind === "alpha") return { alpha: change.value };
  const { metrics } = change;
  if (change.kind === "no limit") return { metrics, min: null, max: null };
  return { metrics, [change.kind]: change.kind === "minDelta" ? 100 * change.value : change.value };
}

function many(amount: number, noun: string): string {
  return `${count(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}

function rounded(fraction: number): number {
  return Number(fraction.toPrecision(4));
}
