import type { Program } from "./program.ts";

/** Runs the program on the process's own arguments and sets its exit code. */
export async function runProgram(program: Program): Promise<void> {
  // Whoever reads our output may stop reading (`sluice get | head`): that ends us, and is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  process.exitCode = await program.run(process.argv.slice(2));
}
