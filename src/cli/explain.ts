import type { Command } from "commander";
import { type ClusterFlags, clusterOptions, findRollout, withCluster } from "./cluster.ts";
import type { CommandContext } from "./command-context.ts";
import { explanation } from "./explanation.ts";
import { type Format, nameLine, outputOption, printed } from "./output.ts";

type Flags = ClusterFlags & { readonly output: Format };

/** `sluice explain`: the last decision, in sentences. */
export function addExplainCommand(program: Command, { terminal, clock }: CommandContext): void {
  const command = program
    .command("explain <name>")
    .description(
      "Say why the last decision was what it was: sentences with the numbers, and the queries as sent.",
    );
  outputOption(clusterOptions(command)).action((name: string, flags: Flags) =>
    withCluster(flags, async (session) => {
      const rollout = await findRollout(session, flags, name);
      const { evidenceQueries } = await import("../app/evidence-queries.ts");
      const queries = evidenceQueries(rollout);
      const because = explanation(rollout, queries, clock.now());
      if (flags.output === "json" || flags.output === "yaml")
        terminal.out(printed({ because: because.slice(0, -1), queries }, flags.output));
      else if (flags.output === "name") terminal.out(nameLine(rollout));
      else terminal.out(`${because.join("\n\n")}\n`);
    }),
  );
}
