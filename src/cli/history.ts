import type { Command } from "commander";
import type { HistoryEntry } from "../api/status.ts";
import { imageText } from "../core/announce.ts";
import { roughDuration } from "../lib/duration.ts";
import { parseTime } from "../lib/time.ts";
import { type ClusterFlags, clusterOptions, findRollout, withCluster } from "./cluster.ts";
import type { CommandContext } from "./command-context.ts";
import { type Format, outputOption, printed, textTable } from "./output.ts";

type Flags = ClusterFlags & { readonly output: Format };

/** `sluice history`: finished runs. */
export function addHistoryCommand(program: Command, { terminal }: CommandContext): void {
  const command = program
    .command("history <name>")
    .description("List the finished runs of a Rollout, newest first.");
  outputOption(clusterOptions(command), ["text", "json", "yaml"]).action((name: string, flags: Flags) =>
    withCluster(flags, async (session) => {
      const { status } = await findRollout(session, flags, name);
      const history = status?.history ?? [];
      if (flags.output === "json" || flags.output === "yaml") terminal.out(printed(history, flags.output));
      else if (history.length === 0) terminal.err("No run has finished yet.\n");
      else terminal.out(textTable(HEADER, history.map(cells)));
    }),
  );
}

const HEADER = ["RUN", "STARTED", "TOOK", "RESULT", "REASON", "MAX", "REVISION", "IMAGE", "MESSAGE"];

function cells(entry: HistoryEntry): readonly string[] {
  const { id, startedAt, finishedAt, result, reason, maxWeight, revision, message } = entry;
  const took = roughDuration(parseTime(finishedAt) - parseTime(startedAt));
  return [`${id}`, startedAt, took, result, reason, `${maxWeight} %`, revision, imageText(entry), message];
}
