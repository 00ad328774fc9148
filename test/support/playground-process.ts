import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** `sluice playground` (or another command) as a process, its output collected line by line. */
export class SluiceProcess {
  readonly lines: string[] = [];
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #waiters = new Set<() => void>();

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, ["src/cli/main.ts", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        this.lines.push(line);
        for (const look of this.#waiters) look();
      });
    }
    this.ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code)));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The first line that matches, those already printed included; rejects when the process ends or time is up. */
  line(pattern: RegExp, timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        settle();
      };
      const look = () => {
        const found = this.lines.find((line) => pattern.test(line));
        if (found !== undefined) done(() => resolve(found));
      };
      const fail = (why: string) =>
        done(() => reject(new Error(`${why} before ${pattern}:\n${this.lines.join("\n")}`)));
      const timer = setTimeout(() => fail("time was up"), timeoutMs);
      this.#waiters.add(look);
      void this.ended.then(() => fail("the process ended"));
      look();
    });
  }

  /** Asks it to end, as Ctrl-C does; resolves to its exit code. */
  stop(signal: NodeJS.Signals = "SIGINT"): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}
