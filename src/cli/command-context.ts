import type { Clock } from "../lib/clock.ts";
import type { Terminal } from "./terminal.ts";

/** What every command gets. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** What time it is for the person who asks. */
  readonly clock: Clock;
  exit(code: number): void;
}
