import type { RunStatus } from "../api/status.ts";
import { clockTime, isoTime, parseTime } from "../lib/time.ts";
import { deadlineOf, growthText, provideFor, readyPods } from "./canary.ts";
import type { Draft } from "./draft.ts";
import { rollBack } from "./rolling-back.ts";
import { awaitSettled, haveSettled } from "./settling.ts";
import { where } from "./wording.ts";

/**
 * The canary gets a larger share of the requests (`percent`) only with all its pods, as many as that share takes, and
 * when proxies have had time to learn of them. One that does not get them in time is rolled back.
 */
export function isShortOfPods(draft: Draft, current: RunStatus, percent: number): boolean {
  const run = provideFor(draft, current, percent);
  const ready = readyPods(draft, run);
  if (ready < run.canaryReplicas) {
    waitForPods(draft, run, ready);
    return true;
  }
  const complete =
    run.shortOfPodsSince === undefined ? run : draft.patchRun(run, { shortOfPodsSince: undefined });
  if (!haveSettled(draft, complete)) {
    awaitSettled(draft, complete);
    return true;
  }
  // What was patched is for the next pass to go on with.
  return complete !== current;
}

function waitForPods(draft: Draft, run: RunStatus, ready: number): void {
  const since = run.shortOfPodsSince ?? isoTime(draft.nowMs);
  const deadlineMs = parseTime(since) + deadlineOf(run);
  const why = draft.snapshot.target?.notReadyReason ?? "the others are starting";
  const text = `${ready} of ${run.canaryReplicas} canary pods are ready${growthText(draft, run)}: ${why}`;
  if (draft.nowMs >= deadlineMs) {
    rollBack(draft, run, {
      result: "Failed",
      reason: "ProgressDeadlineExceeded",
      message: `For ${run.spec.progressDeadline} only ${text}.`,
    });
    return;
  }
  draft.patchRun(run, { shortOfPodsSince: since, readySince: undefined });
  draft.lookAgainAt(deadlineMs);
  draft.patchStatus({
    message: `${where(run)}; waiting until ${clockTime(deadlineMs)} UTC for pods: ${text}.`,
  });
}
