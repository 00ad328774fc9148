import type { RunStatus } from "../api/status.ts";
import { parseDuration } from "../lib/duration.ts";
import type { Draft } from "./draft.ts";

/** Pods of the analysed revision that both are ready and can be reached through the pinned Service. */
export function readyPods(draft: Draft, run: RunStatus): number {
  const { services, target } = draft.snapshot;
  if (services.canary.pinnedHash !== run.revision || target?.current?.hash !== run.revision) return 0;
  return Math.min(services.canary.readyEndpoints, target.current.readyReplicas);
}

/** Whose writes have failed for so long does not set a pin again at once. */
const WRITABLE_MS = 10_000;

/**
 * Somebody took the canary's pin away, and it is set again in this pass: its pods are there as before. Where writes fail that
 * cannot be counted on, and it is as good as without pods.
 */
export function isUnpinned({ snapshot }: Draft, run: RunStatus): boolean {
  const { services, target, trouble, nowMs } = snapshot;
  return (
    (trouble === null || nowMs - trouble.sinceMs < WRITABLE_MS) &&
    services.canary.exists &&
    services.canary.pinnedHash !== run.revision &&
    target?.current?.hash === run.revision &&
    target.current.readyReplicas > 0
  );
}

/** Whether requests may stay with the canary. */
export function canServe(draft: Draft, run: RunStatus): boolean {
  return readyPods(draft, run) > 0 || isUnpinned(draft, run);
}

/** Milliseconds of the run's progressDeadline. */
export function deadlineOf(run: RunStatus): number {
  return parseDuration(run.spec.progressDeadline) ?? 0;
}

/**
 * Pods that the canary needs for a share of the requests: in proportion as many as the primary has now, and never fewer
 * than it was given. The primary may have been scaled up since the run began.
 */
export function neededPods(draft: Draft, run: RunStatus, percent: number): number {
  const primary = draft.snapshot.primary?.desiredReplicas ?? 0;
  return Math.max(run.canaryReplicas, Math.ceil((primary * percent) / 100));
}

/** The share that the canary has while the primary takes over: all of it. */
export const WHOLE = 100;

/** Gives the canary the pods that it needs for a share of the requests; they must be ready before it gets that share. */
export function provideFor(draft: Draft, run: RunStatus, percent: number): RunStatus {
  const replicas = neededPods(draft, run, percent);
  if (replicas === run.canaryReplicas) return run;
  draft.act({ kind: "scaleTarget", replicas });
  return draft.patchRun(run, { canaryReplicas: replicas });
}

/** Why it has more pods than the primary had when the run began; empty when it has not. */
export function growthText(draft: Draft, run: RunStatus): string {
  if (run.canaryReplicas <= run.primaryReplicas) return "";
  return ` (the primary has ${draft.snapshot.primary?.desiredReplicas ?? 0} by now, ${run.primaryReplicas} when the run began)`;
}

/** Why pods are not ready, as the end of a clause; empty when nobody knows. */
export function becauseNotReady(draft: Draft): string {
  const reason = draft.snapshot.target?.notReadyReason ?? null;
  return reason === null ? "" : ` (${reason})`;
}
