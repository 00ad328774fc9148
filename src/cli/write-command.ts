import type { CommandName } from "../api/command.ts";
import type { Rollout } from "../api/rollout.ts";
import { ClusterError } from "../app/cluster-error.ts";
import type { ClusterSession } from "../app/cluster-session.ts";
import { imageText } from "../core/announce.ts";
import { subjectOf } from "../core/wording.ts";
import { CommandFailed } from "./exit-codes.ts";

export function subjectText(rollout: Rollout): string {
  const subject = subjectOf(rollout.status);
  return subject === undefined ? "" : ` (${imageText(subject)}, revision ${subject.revision})`;
}

/** Throws CommandFailed unless that revision, or one that begins so, is in question. */
export function checkRevision(rollout: Rollout, wanted: string | undefined): void {
  if (wanted === undefined) return;
  const subject = subjectOf(rollout.status);
  if (subject?.revision.startsWith(wanted) && wanted !== "") return;
  const now = subject === undefined ? "no revision yet" : `${subject.revision} (${imageText(subject)})`;
  throw new CommandFailed(
    "stale",
    `${rollout.metadata.namespace}/${rollout.metadata.name} is at ${now}, not at ${wanted}; nothing was done`,
  );
}

const WRITES_MAX = 5;

/**
 * Gives a command to the run that was seen. Statuses are written all the time, so a conflict is no reason to stop, as long
 * as it is still the same run; otherwise throws CommandFailed, and nothing was written.
 */
export async function writeCommand(
  session: Pick<ClusterSession, "setCommand" | "rollout">,
  seen: Rollout,
  { name, reason }: { readonly name: CommandName; readonly reason: string },
): Promise<Rollout> {
  const { namespace, name: rolloutName } = seen.metadata;
  for (let rollout = seen, left = WRITES_MAX; ; left -= 1) {
    try {
      // The revision goes with it: the controller refuses the command if another one has come before it looks.
      return await session.setCommand(rollout, name, {
        reason,
        revision: subjectOf(rollout.status)?.revision,
      });
    } catch (error) {
      if (!(error instanceof ClusterError) || error.problem !== "conflict" || left <= 1) throw error;
    }
    rollout = await session.rollout({ namespace, name: rolloutName });
    checkRevision(rollout, subjectOf(seen.status)?.revision);
    if (rollout.status?.run?.id !== seen.status?.run?.id)
      throw new CommandFailed("stale", "another run began or ended meanwhile; nothing was done");
  }
}
