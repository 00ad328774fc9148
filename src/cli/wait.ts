import { type Command, Option } from "commander";
import type { Rollout } from "../api/rollout.ts";
import type { ClusterSession } from "../app/cluster-session.ts";
import { deadline } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import { type ClusterFlags, clusterOptions, findRollout, withCluster } from "./cluster.ts";
import type { CommandContext } from "./command-context.ts";
import { durationOption } from "./duration-flag.ts";
import { type Ending, endingOf } from "./ending.ts";
import { CommandFailed } from "./exit-codes.ts";
import { type Terminal, UsageError } from "./terminal.ts";

interface Flags extends ClusterFlags {
  readonly revision?: string;
  readonly image?: string;
  readonly for: "promoted" | "failed";
  readonly timeout: number;
}

/** `sluice wait`: for CI, whose exit code is to say whether its own revision made it. */
export function addWaitCommand(program: Command, context: CommandContext): void {
  clusterOptions(program.command("wait <name>"))
    .description("Wait until a revision is promoted, or has failed; the exit code says which.")
    .option("--revision <revision>", "pod-template-hash of the revision (its first letters suffice)")
    .option("--image <image>", "image of the revision, with or without its registry")
    .addOption(
      new Option("--for <ending>", "what to wait for").choices(["promoted", "failed"]).default("promoted"),
    )
    .addOption(durationOption("--timeout <duration>", "how long at most", "1h"))
    .action((name: string, flags: Flags) => {
      if (flags.revision === undefined && flags.image === undefined)
        throw new UsageError("want --revision or --image: another's release may come before yours");
      return withCluster(flags, (session) => wait(session, name, { flags, context }));
    });
}

async function wait(
  session: ClusterSession,
  name: string,
  { flags, context }: { readonly flags: Flags; readonly context: CommandContext },
): Promise<void> {
  const { namespace } = (await findRollout(session, flags, name)).metadata;
  const limit = deadline(context.clock, flags.timeout, { reason: () => new Error("time is up") });
  const versions = session.follow({ namespace, name }, limit.signal);
  const ending = await settled(versions, { flags, context }).finally(limit.release);
  const what = flags.image ?? `revision ${flags.revision}`;
  if (ending.kind === flags.for) {
    context.terminal.out(`${what} ${ENDED[ending.kind]}. ${ending.why}\n`);
    return;
  }
  if (ending.kind !== "pending")
    throw new CommandFailed("failed", `${what} ${ENDED[ending.kind]}. ${ending.why}`);
  const seen = ending.isSeen ? "" : " and was never seen";
  const after = formatDuration(flags.timeout);
  throw new CommandFailed(
    "timeout",
    `${what} is neither promoted nor failed after ${after}${seen}. ${ending.why}`,
  );
}

/** How it ended, or how it stood when the versions did. */
async function settled(
  versions: AsyncIterable<Rollout | null>,
  { flags, context }: { readonly flags: Flags; readonly context: CommandContext },
): Promise<Ending> {
  const sinceMs = context.clock.now();
  let last: Ending = { kind: "pending", isSeen: false, why: "the cluster did not answer" };
  for await (const rollout of versions) {
    if (rollout === null) throw new CommandFailed("notFound", "the Rollout was deleted");
    const ending = endingOf(rollout, flags, sinceMs);
    if (ending.kind !== "pending") return ending;
    if (ending.why !== last.why) tell(context.terminal, ending);
    last = ending;
  }
  return last;
}

const ENDED = { promoted: "is promoted", failed: "has failed" } as const;

/** Progress goes to the error stream, so that the last line alone is the answer. */
function tell(terminal: Terminal, { isSeen, why }: Ending & { readonly kind: "pending" }): void {
  terminal.err(`${isSeen ? why : `not seen yet; ${why}`}\n`);
}
