import { COMMANDS } from "../../src/cli/commands.ts";
import { createProgram } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { Clock } from "../../src/lib/clock.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly clock: Clock;
  /** Standard input. */
  readonly input?: string;
  readonly isScreen?: boolean;
  /** Ctrl-C. */
  readonly asked?: Promise<void>;
  /** Called with all that was printed so far. */
  readonly onOut?: (out: string) => void;
}

const NEVER = new Promise<void>(() => {});

/** Runs `sluice` as a user would, but for the process: no colours, 100 columns. */
export async function sluice(args: readonly string[], options: RunOptions): Promise<Ran> {
  let out = "";
  let err = "";
  const terminal: Terminal = {
    out: (text) => {
      out += text;
      options.onOut?.(out);
    },
    err: (text) => {
      err += text;
    },
    isScreen: options.isScreen ?? false,
    columns: 100,
    readInput: async () => options.input ?? "",
    untilAsked: () => options.asked ?? NEVER,
  };
  const code = await createProgram({ commands: COMMANDS, terminal, clock: options.clock }).run(args);
  return { code, out, err };
}

/** What a person would have seen, for a file of test/transcripts (`vitest run -u` writes them anew). */
export function transcript(args: readonly string[], { code, out, err }: Ran): string {
  const shown = args.map((arg) => (/[\s"]/.test(arg) ? JSON.stringify(arg) : arg)).join(" ");
  const errors = err === "" ? "" : `[standard error]\n${err}`;
  return `$ sluice ${shown}\n${out}${errors}[exit ${code}]\n`;
}
