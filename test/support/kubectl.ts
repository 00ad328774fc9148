import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where scripts/fetch-kubectl.ts puts kubectl and helm. */
export const TOOLS_FOLDER = join(homedir(), ".cache", "sluice", "kubectl-v35");

/** The real tools: `SLUICE_KUBECTL` and `SLUICE_HELM` name them, else those of scripts/fetch-kubectl.ts; or undefined. */
export function findTool(name: "kubectl" | "helm"): string | undefined {
  const named = process.env[`SLUICE_${name.toUpperCase()}`];
  const path = named ?? join(TOOLS_FOLDER, name);
  return existsSync(path) ? path : undefined;
}

export interface ToolResult {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly stdin?: string;
  readonly timeoutMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with all that was printed so far; the tool is ended when it returns true. */
  readonly stopWhen?: (stdout: string) => boolean;
}

/** Runs one of the tools against a kubeconfig, with a home of its own, so that no cache or setting of the user's counts. */
export class Tool {
  readonly #path: string;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(path: string, options: { readonly kubeconfig: string; readonly home: string }) {
    this.#path = path;
    this.#environment = { HOME: options.home, KUBECONFIG: options.kubeconfig, PATH: "/usr/bin:/bin" };
  }

  run(args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
    const env = { ...this.#environment, ...options.environment };
    const child = spawn(this.#path, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 15_000);
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
    return collect(child, options).finally(() => clearTimeout(timer));
  }

  /** What the tool prints; rejects with its complaint when it fails. */
  async output(args: readonly string[], options: ToolOptions = {}): Promise<string> {
    const result = await this.run(args, options);
    if (result.exit !== 0)
      throw new Error(`${args.join(" ")}: exit ${result.exit}: ${result.stderr}${result.stdout}`);
    return result.stdout;
  }
}

function collect(child: ChildProcess, options: ToolOptions): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    let stopped = false;
    child.stdout?.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (!stopped && options.stopWhen?.(stdout) === true) {
        stopped = true;
        child.kill("SIGINT");
      }
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ exit: stopped ? 0 : code, stdout, stderr }));
  });
}
