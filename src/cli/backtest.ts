import { type Command, InvalidArgumentError, Option } from "commander";
import type { EvidenceRow } from "../api/evidence.ts";
import type { Rollout } from "../api/rollout.ts";
import { stepsOf } from "../core/steps.ts";
import { parseTime } from "../lib/time.ts";
import { judgeSettings } from "../verdict/judge.ts";
import { runAa } from "./backtest-aa.ts";
import type { CommandContext } from "./command-context.ts";
import { CommandFailed } from "./exit-codes.ts";
import { judgeOne } from "./judge.ts";
import { releasesIn } from "./observed-weights.ts";
import { loadRollout } from "./rollout-file.ts";
import { UsageError } from "./terminal.ts";

/** Flags of `sluice backtest`, parsed. */
export interface BacktestFlags {
  readonly rollout: string;
  readonly prometheus: string;
  readonly from: number;
  readonly to: number;
  readonly canary?: string;
  readonly primary?: string;
  readonly aa?: boolean;
  readonly podLabel?: string;
  readonly splits: number;
  readonly seed: number;
  readonly output: "json" | "text";
}

const AA_FLAGS = ["podLabel", "splits", "seed"] as const;

/** `sluice backtest`: what Sluice would have decided about a release that Prometheus remembers, and when. */
export function addBacktestCommand(program: Command, context: CommandContext): void {
  program
    .command("backtest")
    .description("Judge what Prometheus has recorded: what would Sluice have decided, and when?")
    .requiredOption("--rollout <file>", "the Rollout whose analysis section and weights are to be used")
    .requiredOption("--prometheus <url>", "base URL of Prometheus, without /api/v1")
    .requiredOption("--from <time>", "RFC 3339; time before the canary's first request is history", readTime)
    .requiredOption("--to <time>", "RFC 3339", readTime)
    .option("--canary <name>", "workload of the canary; default: the target")
    .option("--primary <name>", "workload of the primary; default: <target>-primary")
    .addOption(
      new Option(
        "--aa",
        "split the primary's pods against themselves instead: how often is what is healthy rolled back?",
      ).conflicts("canary"),
    )
    .option("--pod-label <label>", "with --aa: the label that tells pods apart; default: pod, pod_name, ...")
    .option("--splits <number>", "with --aa: ways to split the pods of each window, 1 to 100", readSplits, 4)
    .option("--seed <number>", "with --aa: another seed, other splits", readSeed, 1)
    .addOption(new Option("--output <format>", "what to print").choices(["json", "text"]).default("json"))
    .action(async (flags: BacktestFlags, command: Command) => {
      const stray = AA_FLAGS.find((name) => command.getOptionValueSource(name) === "cli");
      if (flags.aa !== true && stray !== undefined)
        throw new UsageError("--pod-label, --splits and --seed want --aa");
      context.exit(await runBacktest(flags, context));
    });
}

async function runBacktest(flags: BacktestFlags, context: CommandContext): Promise<number> {
  if (flags.from >= flags.to) throw new UsageError("--from must be before --to");
  const rollout = await loadRollout(flags.rollout);
  if (flags.aa === true) await runAa(flags, rollout, context);
  else await judgeRelease(flags, rollout, context);
  return 0;
}

async function judgeRelease(
  flags: BacktestFlags,
  rollout: Rollout,
  { terminal, clock }: CommandContext,
): Promise<void> {
  const { recordedRows, recordedSource } = await import("../app/backtest.ts");
  const rows = await recordedRows(recordedSource(flags.prometheus, clock), {
    rollout,
    fromMs: flags.from,
    toMs: flags.to,
    canary: flags.canary,
    primary: flags.primary,
  });
  const why = unreadable(rows);
  if (why !== null) throw new CommandFailed("failed", `${flags.prometheus}: ${why}`);
  const plan = stepsOf(rollout.spec).map((step) => step.weight);
  const settings = judgeSettings(rollout.spec.analysis);
  const releases = releasesIn(rows, plan);
  if (releases.length === 0) throw new CommandFailed("failed", `${flags.prometheus}: ${noRelease(rows)}`);
  releases.forEach((release, index) => {
    const about = releases.length === 1 ? null : `release ${index + 1} of ${releases.length}`;
    judgeOne({ intervalMs: settings.intervalMs, about, rows: release }, settings, { flags, terminal });
  });
}

/** Which arm was there, when they never were at the same time. */
function noRelease(rows: readonly EvidenceRow[]): string {
  const served = (["canary", "primary"] as const).filter((arm) =>
    rows.some((row) => (row[arm]?.requests ?? 0) > 0),
  );
  return `canary and primary have not served in the same interval; requests there are of the ${served.join(" and the ")}`;
}

/** Why nothing could be read at all; null when something could. */
function unreadable(rows: readonly EvidenceRow[]): string | null {
  const [first] = rows;
  if (first === undefined) return "no interval between --from and --to";
  const isSilent = rows.every((row) => row.canary === null && row.primary === null);
  return isSilent ? (first.error ?? "no requests of either workload") : null;
}

const MOST_SPLITS = 100;

function readSplits(text: string): number {
  const splits = Number(text);
  if (!Number.isInteger(splits) || splits < 1 || splits > MOST_SPLITS) {
    throw new InvalidArgumentError(`want a whole number from 1 to ${MOST_SPLITS}`);
  }
  return splits;
}

function readSeed(text: string): number {
  const seed = Number(text);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new InvalidArgumentError("want a whole number from 0 on");
  return seed;
}

function readTime(text: string): number {
  const timeMs = parseTime(text);
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError("want a time such as 2026-11-20T14:00:00Z");
  return timeMs;
}
