import { Command, CommanderError } from "commander";
import { ConfigError } from "../config/config.ts";
import { toError } from "../lib/errors.ts";
import { addControllerCommand } from "./controller.ts";
import { addJudgeCommand } from "./judge.ts";
import { addPlaygroundCommand } from "./playground.ts";
import { processTerminal, type Terminal, UsageError } from "./terminal.ts";

/** Exit codes: 0 it worked, 1 it did not, 2 it was called wrongly. */
export interface Program {
  run(args: readonly string[]): Promise<number>;
}

/** `sluice`: every command is a file of its own and loads what it needs when it is called. */
export function createProgram(terminal: Terminal = processTerminal()): Program {
  let exitCode = 0;
  const program = new Command("sluice")
    .description("Progressive delivery for Kubernetes and Istio.")
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .exitOverride();
  const context = {
    terminal,
    exit: (code: number) => {
      exitCode = code;
    },
  };
  addPlaygroundCommand(program, context);
  addControllerCommand(program, context);
  addJudgeCommand(program, context);
  return {
    run: async (args) => {
      try {
        await program.parseAsync(args, { from: "user" });
        return exitCode;
      } catch (thrown) {
        return explain(thrown, terminal);
      }
    },
  };
}

function explain(thrown: unknown, terminal: Terminal): number {
  // commander has said what is wrong already.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  const error = toError(thrown);
  terminal.err(`sluice: ${error.message}\n`);
  return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
}
