#!/usr/bin/env node
// Entry of the bundle that the image holds (scripts/build.ts).
import { IMAGE_COMMANDS } from "./image-commands.ts";
import { createProgram } from "./program.ts";
import { runProgram } from "./run-program.ts";

await runProgram(createProgram({ commands: IMAGE_COMMANDS }));
