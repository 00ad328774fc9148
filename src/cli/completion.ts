import { Argument, type Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { COMPLETIONS, type Shell } from "./completion-scripts.ts";

/** `sluice completion`: a script for the shell. */
export function addCompletionCommand(program: Command, { terminal }: CommandContext): void {
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "which shell").choices(Object.keys(COMPLETIONS)))
    .description("Print a completion script: source <(sluice completion bash).")
    .action((shell: Shell) => terminal.out(COMPLETIONS[shell](completableOf(program))));
}

/** Commands in order; those that take the name of a Rollout are completed with names from the cluster. */
function completableOf(program: Command) {
  return program.commands.map((command) => ({
    name: command.name(),
    about: command.description(),
    flags: command.options.flatMap(({ long }) => long ?? []),
    takesName: command.registeredArguments.some((argument) => ["name", "names"].includes(argument.name())),
  }));
}
