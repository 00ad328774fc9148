import { addBacktestCommand } from "./backtest.ts";
import { addCompletionCommand } from "./completion.ts";
import { addControllerCommand } from "./controller.ts";
import { addExplainCommand } from "./explain.ts";
import { addGetCommand } from "./get.ts";
import { addGivenCommands } from "./give-command.ts";
import { addHistoryCommand } from "./history.ts";
import { addJudgeCommand } from "./judge.ts";
import { addLintCommand } from "./lint.ts";
import { addProbeCommand } from "./probe.ts";
import type { AddCommand } from "./program.ts";
import { addRenderCommand } from "./render.ts";
import { addStatusCommand } from "./status.ts";
import { addVersionCommand } from "./version.ts";
import { addWaitCommand } from "./wait.ts";

/** The commands that the image has too: all that need no embedded cluster. */
export const IMAGE_COMMANDS: readonly AddCommand[] = [
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
  addControllerCommand,
  addProbeCommand,
  addVersionCommand,
  addCompletionCommand,
];
