import type { AnyObject } from "../../kube/object.ts";
import { parseDuration } from "../../lib/duration.ts";
import { isDeepEqual } from "../../lib/json.ts";
import { noFaults } from "./draw-faults.ts";
import { faultClasses, isComparable, type Plan, type PlannedRollout } from "./plan.ts";
import { type SimulationResult, simulate } from "./simulation.ts";

/**
 * The differential oracle: a run with faults ends as the same run without them. Only where both see the same inputs.
 */
export async function oracleProblems(
  plan: Plan,
  result: SimulationResult,
  crd: AnyObject,
): Promise<readonly string[]> {
  if (!isComparable(plan) || faultClasses(plan.faults).length === 0) return [];
  const calm = await simulate({ plan: { ...plan, faults: noFaults(plan.faults.endMs) }, crd });
  return plan.rollouts
    .filter((rollout) => !hasPassedUnseen(rollout, result))
    .filter(({ name }) => !isDeepEqual(calm.ends[name], result.ends[name]))
    .map(
      ({ name }) =>
        `oracle: ${name} ended as ${JSON.stringify(result.ends[name])}, without faults as ${JSON.stringify(calm.ends[name])}`,
    );
}

/** A controller that dies again and again may be away for longer than the deadline: that rollback is safe. */
function hasPassedUnseen({ name, spec }: PlannedRollout, { ends, absentMs }: SimulationResult): boolean {
  const deadlineMs = parseDuration(String(spec["progressDeadline"])) ?? 0;
  return ends[name]?.reason === "ProgressDeadlineExceeded" && (absentMs[name] ?? 0) > deadlineMs;
}
