import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";

/** `sluice version`. */
export function addVersionCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command("version")
    .description("Print the version of Sluice, and of Node.js that it runs on.")
    .action(async () => {
      const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
      const { version } = JSON.parse(manifest) as { readonly version: string };
      terminal.out(`sluice ${version} (Node.js ${process.versions.node})\n`);
    });
}
