import type { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };
import type { CommandContext } from "./command-context.ts";

/** `sluice version`. */
export function addVersionCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command("version")
    .description("Print the version of Sluice, and of Node.js that it runs on.")
    .action(() => {
      terminal.out(`sluice ${manifest.version} (Node.js ${process.versions.node})\n`);
    });
}
