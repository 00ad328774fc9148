import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { type JudgeSettings, judgeSettings } from "../verdict/judge.ts";
import type { CommandContext } from "./command-context.ts";
import { finalJson, finalText, rowJson, rowText } from "./judge-output.ts";
import { loadRollout, readText } from "./rollout-file.ts";
import { type Terminal, UsageError } from "./terminal.ts";
import { readTrace, type Trace } from "./trace.ts";
import { finalOf, judgeRows } from "./trace-judge.ts";

/** Flags of `sluice judge`. */
export interface JudgeFlags {
  readonly rollout: string;
  readonly trace?: string;
  readonly batch?: string;
  readonly output: "json" | "text";
}

/** `sluice judge`: the controller's judge, offline. */
export function addJudgeCommand(program: Command, context: CommandContext): void {
  program
    .command("judge")
    .description("Judge recorded evidence as the controller would.")
    .requiredOption("--rollout <file>", "the Rollout whose analysis section is to be used")
    .option("--trace <file>", "a trace (JSON Lines), or - for standard input")
    .option("--batch <dir>", "judge every *.jsonl there, one line for each")
    .addOption(new Option("--output <format>", "what to print").choices(["json", "text"]).default("json"))
    .action(async (flags: JudgeFlags) => context.exit(await runJudge(flags, context.terminal)));
}

/** Exit code 0 when everything could be judged, whatever the verdict; 2 when something could not be read. */
export async function runJudge(flags: JudgeFlags, terminal: Terminal): Promise<number> {
  if ((flags.trace === undefined) === (flags.batch === undefined)) {
    throw new UsageError("want one of --trace and --batch");
  }
  const { spec } = await loadRollout(flags.rollout);
  const settings = judgeSettings(spec.analysis);
  if (flags.batch !== undefined) return judgeBatch(flags.batch, settings, { flags, terminal });
  const path = flags.trace ?? "-";
  const text = path === "-" ? await terminal.readInput() : await readText(path);
  const trace = traceOf(text, path === "-" ? "standard input" : path);
  judgeOne(trace, forTrace(settings, trace, terminal), { flags, terminal });
  return 0;
}

interface Output {
  readonly flags: Pick<JudgeFlags, "output">;
  readonly terminal: Terminal;
}

/** Prints every row's verdict and what the run comes to. */
export function judgeOne(trace: Trace, settings: JudgeSettings, { flags, terminal }: Output): void {
  const isJson = flags.output === "json";
  const judged = judgeRows(trace.rows, settings);
  if (!isJson && trace.about !== null) terminal.out(`${trace.about}\n`);
  for (let next = judged.next(); ; next = judged.next()) {
    if (next.done) {
      terminal.out(`${isJson ? finalJson(next.value) : finalText(next.value)}\n`);
      return;
    }
    terminal.out(`${isJson ? rowJson(next.value) : rowText(next.value)}\n`);
  }
}

/** Files that cannot be read are named on the error stream; the others are judged all the same. */
async function judgeBatch(
  directory: string,
  settings: JudgeSettings,
  { flags, terminal }: Output,
): Promise<number> {
  const entries = await readdir(directory).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  const files = entries.filter((name) => name.endsWith(".jsonl")).sort();
  if (files.length === 0) throw new UsageError(`${directory}: no *.jsonl there`);
  let exitCode = 0;
  for (const file of files) {
    try {
      const path = join(directory, file);
      const trace = traceOf(await readText(path), path);
      const final = finalOf(trace.rows, forTrace(settings, trace, terminal));
      terminal.out(`${flags.output === "json" ? finalJson(final, file) : finalText(final, file)}\n`);
    } catch (thrown) {
      if (!(thrown instanceof UsageError)) throw thrown;
      terminal.err(`sluice: ${thrown.message}\n`);
      exitCode = 2;
    }
  }
  return exitCode;
}

/**
 * The trace's interval holds. What no row of the trace has anything of is not judged, if something is left: a live run
 * would wait for it.
 */
function forTrace(settings: JudgeSettings, trace: Trace, terminal: Terminal): JudgeSettings {
  const known = knownMetrics(trace);
  const metrics = settings.metrics.filter(({ name }) => known.has(name));
  if (metrics.length === 0) return { ...settings, intervalMs: trace.intervalMs };
  for (const metric of settings.metrics) {
    if (!metrics.includes(metric))
      terminal.err(`sluice: ${metric.name} is not in this trace and is not judged\n`);
  }
  return { ...settings, intervalMs: trace.intervalMs, metrics };
}

function knownMetrics({ rows }: Trace): ReadonlySet<string> {
  const arms = rows.flatMap(({ canary, primary }) => [canary, primary]).filter((arm) => arm !== null);
  const hasTimes = arms.length === 0 || arms.some(({ latencyMs }) => latencyMs !== null);
  const own = rows.flatMap((row) => Object.keys(row.own));
  return new Set(["success-rate", ...(hasTimes ? ["latency"] : []), ...own]);
}

function traceOf(text: string, name: string): Trace {
  const reading = readTrace(text);
  if (!reading.ok) throw new UsageError(`${name}:${reading.line}: ${reading.message}`);
  return reading.trace;
}
