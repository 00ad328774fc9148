import { homedir } from "node:os";
import type { WorkloadControllersMode } from "../app/playground/attached-server.ts";

/** Flags of `sluice playground`, parsed. */
export interface PlaygroundFlags {
  readonly scenario: string;
  /** "max": virtual time. */
  readonly speed: number | "max";
  readonly output: "text" | "json";
  readonly exit: boolean;
  readonly listen: { readonly host: string; readonly port: number };
  readonly kubeconfig: string;
  readonly empty: boolean;
  readonly attach: boolean;
  /** False with --no-controller. */
  readonly controller: boolean;
  readonly workloadControllers: WorkloadControllersMode;
  readonly prometheus?: string;
}

/** `~` for the home directory, as people write it. */
export function shownPath(path: string): string {
  return path.startsWith(homedir()) ? `~${path.slice(homedir().length)}` : path;
}
