/** What a command may do to the terminal and the process; tests pass their own. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Standard output is a screen that can be drawn on. */
  readonly isScreen: boolean;
  readonly columns: number;
  /** All of standard input. */
  readInput(): Promise<string>;
  /** Resolves when the process is asked to end (SIGINT, SIGTERM). */
  untilAsked(): Promise<void>;
}

/** The real one. Colours and redrawing are for screens only, and not with NO_COLOR (no-color.org). */
export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isScreen: process.stdout.isTTY === true && process.stdout.hasColors(),
    // A terminal that nobody has told its size says 0.
    columns: process.stdout.columns || 100,
    readInput: async () => {
      let text = "";
      for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
      return text;
    },
    untilAsked: () =>
      new Promise((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      }),
  };
}

/** A mistake of whoever called: one line, and exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
