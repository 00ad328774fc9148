import type { Command } from "commander";
import type { HistoryEntry } from "../api/status.ts";
import { imageText } from "../core/announce.ts";
import { roughDuration } from "../lib/duration.ts";
import { parseTime } from "../lib/time.ts";
import { approvedText } from "./approval-text.ts";
import { type ClusterFlags, clusterOptions, findRollout, withCluster } from "./cluster.ts";
import type { CommandContext } from "./command-context.ts";
import { type Format, nameLine, outputOption, printed, textTable } from "./output.ts";

type Flags = ClusterFlags & { readonly output: Format };

/** `sluice history`: finished runs. */
export function addHistoryCommand(program: Command, { terminal }: CommandContext): void {
  const command = program
    .command("history <name>")
    .description("List the finished runs of a Rollout, newest first.");
  outputOption(clusterOptions(command)).action((name: string, flags: Flags) =>
    withCluster(flags, async (session) => {
      const rollout = await findRollout(session, flags, name);
      const history = rollout.status?.history ?? [];
      if (flags.output === "json" || flags.output === "yaml") terminal.out(printed(history, flags.output));
      else if (flags.output === "name") terminal.out(nameLine(rollout));
      else if (history.length === 0) terminal.err("No run has finished yet.\n");
      else terminal.out(historyText(history));
    }),
  );
}

/** The runs, how each was judged at last, and who let it go on. */
function historyText(history: readonly HistoryEntry[]): string {
  const tables = [
    textTable(RUNS, history.map(runCells)),
    table(VERDICTS, history.flatMap(verdictRows)),
    table(APPROVALS, history.flatMap(approvalRows)),
  ];
  return tables.filter((text) => text !== "").join("\n");
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? "" : textTable(header, rows);
}

const RUNS = ["RUN", "STARTED", "TOOK", "RESULT", "REASON", "MAX", "REVISION", "IMAGE", "MESSAGE"];

function runCells(entry: HistoryEntry): readonly string[] {
  const { id, startedAt, finishedAt, result, reason, maxWeight, revision, message } = entry;
  const took = roughDuration(parseTime(finishedAt) - parseTime(startedAt));
  return [`${id}`, startedAt, took, result, reason, `${maxWeight} %`, revision, imageText(entry), message];
}

const VERDICTS = ["RUN", "LAST VERDICT", "AT", "WHY"];

function verdictRows({ id, verdict }: HistoryEntry): readonly (readonly string[])[] {
  return verdict === undefined ? [] : [[`${id}`, verdict.result, verdict.at, verdict.reason]];
}

const APPROVALS = ["RUN", "APPROVED", "REVISION", "BY", "AT", "WHY"];

function approvalRows({ id, revision, approvals = [] }: HistoryEntry): readonly (readonly string[])[] {
  return approvals.map((approval) => {
    const { by, at, reason = "" } = approval;
    return [`${id}`, approvedText(approval), revision, by, at, reason];
  });
}
