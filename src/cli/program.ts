import { Command, CommanderError } from "commander";
import { type Clock, SystemClock } from "../lib/clock.ts";
import { toError } from "../lib/errors.ts";
import { addBacktestCommand } from "./backtest.ts";
import type { CommandContext } from "./command-context.ts";
import { addCompletionCommand } from "./completion.ts";
import { addControllerCommand } from "./controller.ts";
import { EXIT_CODES, exitOf } from "./exit-codes.ts";
import { addExplainCommand } from "./explain.ts";
import { addGetCommand } from "./get.ts";
import { addGivenCommands } from "./give-command.ts";
import { addHistoryCommand } from "./history.ts";
import { addJudgeCommand } from "./judge.ts";
import { addLintCommand } from "./lint.ts";
import { addPlaygroundCommand } from "./playground.ts";
import { addRenderCommand } from "./render.ts";
import { addStatusCommand } from "./status.ts";
import { processTerminal, type Terminal } from "./terminal.ts";
import { addVersionCommand } from "./version.ts";
import { addWaitCommand } from "./wait.ts";

export interface Program {
  /** Resolves to the exit code, one of EXIT_CODES. */
  run(args: readonly string[]): Promise<number>;
}

/** In the order of `sluice --help`. */
const COMMANDS: readonly ((program: Command, context: CommandContext) => void)[] = [
  addGetCommand,
  addStatusCommand,
  addExplainCommand,
  addHistoryCommand,
  addWaitCommand,
  addGivenCommands,
  addLintCommand,
  addRenderCommand,
  addJudgeCommand,
  addBacktestCommand,
  addPlaygroundCommand,
  addControllerCommand,
  addVersionCommand,
  addCompletionCommand,
];

/** `sluice`: every command is a file of its own and loads what it needs when it is called. */
export function createProgram(
  terminal: Terminal = processTerminal(),
  clock: Clock = new SystemClock(),
): Program {
  let exitCode: number = EXIT_CODES.ok.code;
  const command = createCommand({
    terminal,
    clock,
    exit: (code) => {
      exitCode = code;
    },
  });
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

export function createCommand(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command("sluice")
    .description("Progressive delivery for Kubernetes and Istio.")
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .exitOverride();
  for (const add of COMMANDS) add(program, context);
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
