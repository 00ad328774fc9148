import type { Command } from "commander";
import { CONFIG_KEYS, type ConfigKey, flagName, loadConfig } from "../config/config.ts";
import { configPath, readConfigFile } from "../config/config-file.ts";
import type { CommandContext } from "./command-context.ts";

type Flags = Readonly<Partial<Record<ConfigKey, unknown>>> & { readonly config?: string };

/** `sluice controller`: runs the controller against a cluster until it is asked to end. */
export function addControllerCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("controller")
    .description(
      "Run the controller. Every flag can be given by the environment too (--drain is SLUICE_DRAIN), or as a key of a file (drain: 30s). Flags win over the environment, which wins over the file.",
    )
    .option("--config <file>", "YAML file of settings, by their names in camelCase");
  for (const { key, help } of CONFIG_KEYS) {
    command.option(`--${flagName(key)} <value>`, help);
  }
  command.action(async (flags: Flags) => {
    const path = configPath(flags.config);
    const file = path === undefined ? undefined : readConfigFile(path);
    const config = loadConfig({ flags, file });
    const { runController } = await import("../app/controller-process.ts");
    await runController(config, context.terminal.untilAsked());
  });
}
