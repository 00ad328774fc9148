import type { Command } from "commander";
import { toError } from "../lib/errors.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT_CODES } from "./exit-codes.ts";

const TIMEOUT_MS = 5_000;
/** What a controller says in /readyz is shorter. */
const MAX_SHOWN = 2_000;

/** `sluice probe`: asks a controller whether it is ready; for `helm test`, where the image has no other client. */
export function addProbeCommand(program: Command, { terminal, exit }: CommandContext): void {
  program
    .command("probe")
    .argument("<url>", "address of a running controller's /readyz or /healthz")
    .description("Ask a running controller whether it is ready.")
    .action(async (url: string) => {
      const { text, isOk } = await ask(url);
      (isOk ? terminal.out : terminal.err)(`${text.trim()}\n`);
      if (!isOk) exit(EXIT_CODES.failed.code);
    });
}

async function ask(url: string): Promise<{ readonly text: string; readonly isOk: boolean }> {
  try {
    const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { text: (await response.text()).slice(0, MAX_SHOWN), isOk: response.ok };
  } catch (thrown) {
    const { message, cause } = toError(thrown);
    return { text: `${url}: ${cause === undefined ? message : toError(cause).message}`, isOk: false };
  }
}
