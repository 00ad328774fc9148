#!/usr/bin/env node
import { createProgram } from "./program.ts";

// Whoever reads our output may stop reading (`sluice get | head`): that ends us, and is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

process.exitCode = await createProgram().run(process.argv.slice(2));
