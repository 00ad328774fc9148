import type { RunStatus } from "../api/status.ts";
import { parseDuration } from "../lib/duration.ts";
import type { Draft } from "./draft.ts";

/** Pods of the analysed revision that both are ready and can be reached through the pinned Service. */
export function readyPods(draft: Draft, run: RunStatus): number {
  const { services, target } = draft.snapshot;
  if (services.canary.pinnedHash !== run.revision || target?.current?.hash !== run.revision) return 0;
  return Math.min(services.canary.readyEndpoints, target.current.readyReplicas);
}

/** Milliseconds of the run's progressDeadline. */
export function deadlineOf(run: RunStatus): number {
  return parseDuration(run.spec.progressDeadline) ?? 0;
}
