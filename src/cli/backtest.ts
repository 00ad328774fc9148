import { type Command, InvalidArgumentError, Option } from "commander";
import type { EvidenceRow } from "../api/evidence.ts";
import { stepsOf } from "../core/steps.ts";
import { parseTime } from "../lib/time.ts";
import { judgeSettings } from "../verdict/judge.ts";
import type { CommandContext } from "./command-context.ts";
import { judgeOne } from "./judge.ts";
import { withObservedWeights } from "./observed-weights.ts";
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
  readonly output: "json" | "text";
}

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
    .addOption(new Option("--output <format>", "what to print").choices(["json", "text"]).default("json"))
    .action(async (flags: BacktestFlags) => context.exit(await runBacktest(flags, context)));
}

async function runBacktest(flags: BacktestFlags, { terminal, clock }: CommandContext): Promise<number> {
  if (flags.from >= flags.to) throw new UsageError("--from must be before --to");
  const rollout = await loadRollout(flags.rollout);
  const { recordedRows, recordedSource } = await import("../app/backtest.ts");
  const rows = await recordedRows(recordedSource(flags.prometheus, clock), {
    rollout,
    fromMs: flags.from,
    toMs: flags.to,
    canary: flags.canary,
    primary: flags.primary,
  });
  const why = unreadable(rows);
  if (why !== null) throw new Error(`${flags.prometheus}: ${why}`);
  const plan = stepsOf(rollout.spec).map((step) => step.weight);
  const settings = judgeSettings(rollout.spec.analysis);
  const trace = { intervalMs: settings.intervalMs, about: null, rows: withObservedWeights(rows, plan) };
  judgeOne(trace, settings, { flags, terminal });
  return 0;
}

/** Why nothing could be read at all; null when something could. */
function unreadable(rows: readonly EvidenceRow[]): string | null {
  const [first] = rows;
  if (first === undefined) return "no interval between --from and --to";
  const isSilent = rows.every((row) => row.canary === null && row.primary === null);
  return isSilent ? (first.error ?? "no requests of either workload") : null;
}

function readTime(text: string): number {
  const timeMs = parseTime(text);
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError("want a time such as 2026-11-20T14:00:00Z");
  return timeMs;
}
