import type { Command } from "commander";
import { CONFIG_KEYS, type ConfigKey, flagName, loadConfig } from "../config/config.ts";
import type { CommandContext } from "./command-context.ts";

/** `sluice controller`: runs the controller against a cluster until it is asked to end. */
export function addControllerCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("controller")
    .description(
      "Run the controller. Every flag can be given by the environment too: --drain is SLUICE_DRAIN.",
    );
  for (const { key, help } of CONFIG_KEYS) {
    command.option(`--${flagName(key)} <value>`, help);
  }
  command.action(async (flags: Readonly<Partial<Record<ConfigKey, unknown>>>) => {
    const config = loadConfig({ flags });
    const { runController } = await import("../app/controller-process.ts");
    await runController(config, context.terminal.untilAsked());
  });
}
