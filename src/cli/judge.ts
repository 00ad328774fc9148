import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Command, Option } from "commander";
import { parseAllDocuments } from "yaml";
import type { Rollout } from "../api/rollout.ts";
import { readSpec } from "../api/validate.ts";
import { roughDuration } from "../lib/duration.ts";
import { toError } from "../lib/errors.ts";
import { type JudgeSettings, judgeSettings } from "../verdict/judge.ts";
import type { CommandContext } from "./command-context.ts";
import { type Terminal, UsageError } from "./terminal.ts";
import { readTrace, type Trace } from "./trace.ts";
import { type Final, finalOf, type JudgedRow, judgeRows } from "./trace-judge.ts";

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
  const settings = await loadSettings(flags.rollout);
  if (flags.batch !== undefined) return judgeBatch(flags.batch, settings, { flags, terminal });
  const path = flags.trace ?? "-";
  const text = path === "-" ? await terminal.readInput() : await readText(path);
  judgeOne(traceOf(text, path === "-" ? "standard input" : path), settings, { flags, terminal });
  return 0;
}

interface Output {
  readonly flags: JudgeFlags;
  readonly terminal: Terminal;
}

function judgeOne(trace: Trace, settings: JudgeSettings, { flags, terminal }: Output): void {
  const isJson = flags.output === "json";
  const judged = judgeRows(trace.rows, forTrace(settings, trace, terminal));
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

/** The trace's interval holds; own metrics are judged only where the trace has values of them. */
function forTrace(settings: JudgeSettings, trace: Trace, terminal: Terminal): JudgeSettings {
  const known = new Set(trace.rows.flatMap((row) => Object.keys(row.own)));
  const absent = settings.metrics.filter((metric) => metric.kind === "own" && !known.has(metric.name));
  for (const { name } of absent) terminal.err(`sluice: ${name} is not in this trace and is not judged\n`);
  const metrics = settings.metrics.filter((metric) => !absent.includes(metric));
  return { ...settings, intervalMs: trace.intervalMs, metrics };
}

async function loadSettings(path: string): Promise<JudgeSettings> {
  const documents = parseAllDocuments(await readText(path));
  const broken = documents.flatMap((document) => document.errors)[0];
  if (broken !== undefined) throw new UsageError(`${path}: ${broken.message.split("\n")[0]}`);
  const rollout = documents
    .map((document) => document.toJS() as Partial<Rollout> | null)
    .find((object) => object?.kind === "Rollout");
  if (rollout === undefined || rollout === null) throw new UsageError(`${path}: no Rollout in it`);
  const reading = readSpec(rollout.spec);
  if (reading.ok) return judgeSettings(reading.spec.analysis);
  const [problem] = reading.problems;
  throw new UsageError(`${path}: ${problem?.field}: ${problem?.message}`);
}

async function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(toError(error).message);
  });
}

function traceOf(text: string, name: string): Trace {
  const reading = readTrace(text);
  if (!reading.ok) throw new UsageError(`${name}:${reading.line}: ${reading.message}`);
  return reading.trace;
}

const HISTORY = "history of the primary";

function rowJson({ row, verdict }: JudgedRow): string {
  const t = row.endMs / 1000;
  if (verdict === null) return JSON.stringify({ t, verdict: "inconclusive", reasons: [HISTORY] });
  const { result, act, metrics, missingForMs } = verdict;
  return JSON.stringify({
    t,
    weight: row.weight,
    verdict: result,
    reasons: reasonsOf(verdict),
    ...(act === null ? {} : { act }),
    ...(missingForMs === null ? {} : { missingForSeconds: Math.ceil(missingForMs / 1000) }),
    metrics,
  });
}

/** What decided first, then what each metric adds to it. */
function reasonsOf({ reason, metrics }: NonNullable<JudgedRow["verdict"]>): readonly string[] {
  const others = metrics.map((metric) => `${metric.name}: ${metric.reason}`);
  return [reason, ...others.filter((other) => !reason.includes(other) && !other.endsWith(reason))];
}

function finalJson(final: Final, file?: string): string {
  const named = file === undefined ? {} : { file: basename(file) };
  return JSON.stringify({ ...named, final: final.result, at: final.atMs / 1000, reason: final.reason });
}

function rowText({ row, verdict }: JudgedRow): string {
  const time = clock(row.endMs).padStart(8);
  if (verdict === null) return `${time}         ${HISTORY}`;
  return `${time} ${`${row.weight} %`.padStart(6)}  ${verdict.result.padEnd(12)} ${verdict.reason}`;
}

function finalText(final: Final, file?: string): string {
  const named = file === undefined ? "" : `${file}: `;
  return `${named}${final.result} after ${clock(final.atMs)}: ${final.reason}`;
}

function clock(ms: number): string {
  return ms < 0 ? `-${roughDuration(-ms)}` : roughDuration(ms);
}
