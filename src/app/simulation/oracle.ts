import type { AnyObject } from "../../kube/object.ts";
import { isDeepEqual } from "../../lib/json.ts";
import { noFaults } from "./draw-faults.ts";
import { faultClasses, type Plan } from "./plan.ts";
import { type SimulationResult, simulate } from "./simulation.ts";

/**
 * The differential oracle: a run with faults ends as the same run without them. Only where both see the same inputs: with
 * several changes of the target it depends on time which of them are ever released, and without metrics there is no
 * evidence.
 */
export async function oracleProblems(
  plan: Plan,
  result: SimulationResult,
  crd: AnyObject,
): Promise<readonly string[]> {
  if (!isComparable(plan)) return [];
  const calm = await simulate({ plan: { ...plan, faults: noFaults(plan.faults.endMs) }, crd });
  return plan.rollouts
    .filter(({ name }) => !isDeepEqual(calm.ends[name], result.ends[name]))
    .map(
      ({ name }) =>
        `oracle: ${name} ended as ${JSON.stringify(result.ends[name])}, without faults as ${JSON.stringify(calm.ends[name])}`,
    );
}

/** A deadline may pass while a silent watch makes the controller blind: that rollback is safe, and not the same end. */
function isComparable({ isCalm, faults }: Plan): boolean {
  return (
    isCalm &&
    faultClasses(faults).length > 0 &&
    faults.prometheus.length === 0 &&
    faults.gitOpsEveryMs === 0 &&
    faults.network.watchHangRate === 0
  );
}
