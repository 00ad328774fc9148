import type { Rollout } from "../api/rollout.ts";
import type { HistoryEntry, RevisionRef, RolloutStatus } from "../api/status.ts";
import { parseTime } from "../lib/time.ts";

/** The revision that somebody waits for, by either name. */
export interface Wanted {
  readonly revision?: string | undefined;
  readonly image?: string | undefined;
}

export type Ending =
  | { readonly kind: "promoted"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string }
  /** `isSeen`: the Rollout knows of the revision. */
  | { readonly kind: "pending"; readonly isSeen: boolean; readonly why: string };

/**
 * What became of a revision. What is under way and what serves come first; of finished runs only those count that ended
 * after `sinceMs`: one revision may be released many times, and its past is not what somebody waits for.
 */
export function endingOf(rollout: Rollout, wanted: Wanted, sinceMs: number): Ending {
  const { status } = rollout;
  if (status === undefined) return pending(false, "the controller has not looked at the Rollout yet");
  const { run, promoted, rejected, message = "" } = status;
  if (run !== undefined && isWanted(run, wanted)) {
    if (run.stage === "RollingBack") return failed(run.outcome?.message ?? "it is being rolled back");
    if (run.stage === "Finalising") return { kind: "promoted", why: message };
    return pending(true, message);
  }
  if (promoted !== undefined && isWanted(promoted, wanted)) return { kind: "promoted", why: message };
  if (rejected !== undefined && isWanted(rejected, wanted)) return failed(whyRejected(status, rejected));
  const finished = status.history?.find(
    (entry) => isWanted(entry, wanted) && parseTime(entry.finishedAt) >= sinceMs,
  );
  if (finished !== undefined) return endingOfRun(finished);
  return pending(false, run === undefined ? message : `another revision is being released: ${message}`);
}

function isWanted(what: RevisionRef, { revision, image }: Wanted): boolean {
  const isRevision = revision === undefined || (revision !== "" && what.revision.startsWith(revision));
  const isImage = image === undefined || what.images.some((it) => it === image || it.endsWith(`/${image}`));
  return isRevision && isImage;
}

function whyRejected(
  { history = [] }: RolloutStatus,
  { revision, reason }: RevisionRef & { readonly reason: string },
): string {
  return history.find((entry) => entry.revision === revision)?.message ?? reason;
}

function endingOfRun({ result, message }: HistoryEntry): Ending {
  return result === "Succeeded" ? { kind: "promoted", why: message } : failed(message);
}

function failed(why: string): Ending {
  return { kind: "failed", why };
}

function pending(isSeen: boolean, why: string): Ending {
  return { kind: "pending", isSeen, why };
}
