import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../lib/clock.ts";
import type { ControllerHandle } from "../../sim/scenario/performer.ts";
import { WORKING_MESSAGE } from "../controller-process.ts";

export interface ChildControllerOptions {
  readonly clock: Clock;
  /** Flags of `sluice controller`. */
  readonly args: readonly string[];
  /** A line of its log (JSON). */
  readonly onLog: (line: string) => void;
  /** It died though nobody here asked it to, and is started again. */
  readonly onDeath: (how: string) => void;
}

/** As a Deployment would, only sooner. */
const RESTART_DELAY_MS = 1_000;

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** The controller as a process of its own, as in production: whoever kills it sees it come back and finish its work. */
export class ChildController implements ControllerHandle {
  readonly #options: ChildControllerOptions;
  #child: ChildProcess | null = null;

  constructor(options: ChildControllerOptions) {
    this.#options = options;
  }

  /** The process id, for those who want to kill it. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it says that it works; rejects when it ends before. */
  start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN, "controller", ...this.#options.args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    return new Promise((resolve, reject) => {
      createInterface({ input: child.stderr }).on("line", (line) => {
        if (line.includes(WORKING_MESSAGE)) resolve();
        this.#options.onLog(line);
      });
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        reject(new Error(`the controller ended with ${signal ?? `exit code ${code}`} before it worked`));
        this.#ended(child, signal ?? `exit code ${code}`);
      });
    });
  }

  /** As kill -9 does. It stays dead until `start`. */
  kill(): void {
    this.#end("SIGKILL");
  }

  /** Asks it to end in good order, and waits until it has. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    this.#end("SIGTERM");
    await ended;
  }

  #end(signal: "SIGKILL" | "SIGTERM"): void {
    const child = this.#child;
    this.#child = null;
    child?.kill(signal);
  }

  #ended(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#options.onDeath(how);
    this.#options.clock.setTimer(RESTART_DELAY_MS, () => {
      // One that was started or stopped by hand meanwhile is left alone; a start that fails ends here again.
      if (this.#child === child) this.start().catch(() => {});
    });
  }
}
