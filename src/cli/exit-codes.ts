import { ClusterError, type ClusterProblem } from "../app/cluster-error.ts";
import { ConfigError } from "../config/config.ts";
import { UsageError } from "./terminal.ts";

/** What a script may rely on; docs/reference/cli.md is made from it. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: "it worked; `wait`: your revision got where you wanted it" },
  failed: {
    code: 1,
    meaning: "it did not: `wait`: it ended otherwise; `lint`: there are problems; a command was refused",
  },
  usage: { code: 2, meaning: "called wrongly: an unknown flag, a file that cannot be read" },
  notFound: { code: 3, meaning: "no such Rollout, or no CRD of Sluice in this cluster" },
  stale: {
    code: 4,
    meaning: "the Rollout is not at the revision that was named with `--revision`; nothing was done",
  },
  timeout: { code: 5, meaning: "time was up" },
  forbidden: { code: 6, meaning: "no permission, or the cluster does not accept the credentials" },
  unreachable: { code: 7, meaning: "no usable kubeconfig, or the cluster does not answer" },
} as const;

export type Exit = keyof typeof EXIT_CODES;

/** Ends a command with one line and an exit code of its own. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  readonly exit: Exit;

  constructor(exit: Exit, message: string) {
    super(message);
    this.exit = exit;
  }
}

const EXIT_OF_PROBLEM: Readonly<Record<ClusterProblem, Exit>> = {
  "not-found": "notFound",
  conflict: "failed",
  forbidden: "forbidden",
  unreachable: "unreachable",
  refused: "failed",
};

export function exitOf(error: Error): Exit {
  if (error instanceof CommandFailed) return error.exit;
  if (error instanceof UsageError || error instanceof ConfigError) return "usage";
  return error instanceof ClusterError ? EXIT_OF_PROBLEM[error.problem] : "failed";
}
