#!/usr/bin/env node
import { COMMANDS } from "./commands.ts";
import { createProgram } from "./program.ts";
import { runProgram } from "./run-program.ts";

await runProgram(createProgram({ commands: COMMANDS }));
