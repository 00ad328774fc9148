import type { RunStatus } from "../api/status.ts";
import { isoTimeMs, parseTime } from "../lib/time.ts";
import type { Draft } from "./draft.ts";

/**
 * Pods that have just become ready are known to the control plane, and not yet to every proxy: one that learns of a new
 * weight before it learns of the pods has nobody to send to. So they are ready for `--settle` before they get requests.
 */
export function haveSettled({ settings, nowMs }: Draft, { readySince }: RunStatus): boolean {
  if (settings.settleMs === 0) return true;
  return readySince !== undefined && nowMs >= parseTime(readySince) + settings.settleMs;
}

/** All of them are ready: the time runs from the first pass that finds them so. */
export function awaitSettled(draft: Draft, run: RunStatus): void {
  const readySince = run.readySince ?? isoTimeMs(draft.nowMs);
  draft.patchRun(run, { readySince });
  draft.lookAgainAt(parseTime(readySince) + draft.settings.settleMs);
}
