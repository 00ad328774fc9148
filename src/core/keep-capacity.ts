import type { RunStatus } from "../api/status.ts";
import { record } from "./announce.ts";
import type { Draft } from "./draft.ts";

/** Whoever has scaled the primary down so often in one run will do it again. */
const MOST_REPAIRS = 3;

/** Stages in which the primary's pods are what the canary's share has to come back to. */
const KEPT_IN: ReadonlySet<RunStatus["stage"]> = new Set([
  "Starting",
  "Shadow",
  "Step",
  "Shifting",
  "Promoting",
]);

/**
 * Whoever scales the primary down during a run takes away what the canary's share has to come back to: it gets its pods
 * again. Not for ever, though: an autoscaler would take them away again every 15 s, for as long as the run is paused.
 */
export function keepCapacity(draft: Draft, run: RunStatus): RunStatus {
  const { primary } = draft.snapshot;
  if (!KEPT_IN.has(run.stage) || primary === null || primary.desiredReplicas >= run.primaryReplicas)
    return run;
  const repairs = run.capacityRepairs ?? 0;
  if (repairs > MOST_REPAIRS) return run;
  const what = `The primary was scaled to ${primary.desiredReplicas} pods during a run that began with ${run.primaryReplicas}`;
  if (repairs === MOST_REPAIRS) {
    record(
      draft,
      "CapacityGivenUp",
      `${what}, for the ${MOST_REPAIRS + 1}th time: that is left to whoever does it (an autoscaler?). Should the release roll back, these pods have to carry all requests.`,
    );
  } else {
    draft.act({ kind: "scalePrimary", replicas: run.primaryReplicas });
    record(draft, "CapacityRepaired", `${what}; it has them again until the run ends.`);
  }
  return draft.patchRun(run, { capacityRepairs: repairs + 1 });
}
