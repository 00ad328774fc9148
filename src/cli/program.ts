import { Command, CommanderError } from "commander";
import { type Clock, SystemClock } from "../lib/clock.ts";
import { toError } from "../lib/errors.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT_CODES, exitOf } from "./exit-codes.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** Adds a command to `sluice`. */
export type AddCommand = (program: Command, context: CommandContext) => void;

export interface Program {
  /** Resolves to the exit code, one of EXIT_CODES. */
  run(args: readonly string[]): Promise<number>;
}

export interface ProgramOptions {
  /** In the order of `sluice --help`. */
  readonly commands: readonly AddCommand[];
  /** Default: the process's own. */
  readonly terminal?: Terminal | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** `sluice`: every command is a file of its own and loads what it needs when it is called. */
export function createProgram(options: ProgramOptions): Program {
  const { commands, terminal = processTerminal(), clock = new SystemClock() } = options;
  let exitCode: number = EXIT_CODES.ok.code;
  const context: CommandContext = {
    terminal,
    clock,
    exit: (code) => {
      exitCode = code;
    },
  };
  const command = createCommand(commands, context);
  return {
    run: async (args) => {
      try {
        await command.parseAsync(args, { from: "user" });
        return exitCode;
      } catch (thrown) {
        return explain(thrown, terminal);
      }
    },
  };
}

export function createCommand(commands: readonly AddCommand[], context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command("sluice")
    .description("Progressive delivery for Kubernetes and Istio.")
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .exitOverride();
  for (const add of commands) add(program, context);
  return program;
}

function explain(thrown: unknown, terminal: Terminal): number {
  // commander has said what is wrong already.
  if (thrown instanceof CommanderError)
    return thrown.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code;
  const error = toError(thrown);
  terminal.err(`sluice: ${error.message}\n`);
  return EXIT_CODES[exitOf(error)].code;
}
