import { createHash } from "node:crypto";
import type { AnyObject } from "../../kube/object.ts";
import { drawPlan } from "./draw-plan.ts";
import { oracleProblems } from "./oracle.ts";
import { faultClasses, type Plan } from "./plan.ts";
import { type SimulationResult, simulate } from "./simulation.ts";

export interface SeedResult {
  readonly seed: number;
  readonly plan: Plan;
  readonly violations: readonly string[];
  readonly result: SimulationResult;
  /** Of the whole trace: equal for equal runs. */
  readonly digest: string;
}

/** Plays one seed, and once more without faults where both must end alike. */
export async function runSeed(
  seed: number,
  crd: AnyObject,
  onLine?: (line: string) => void,
): Promise<SeedResult> {
  const plan = drawPlan(seed);
  const result = await simulate({ plan, crd, ...(onLine === undefined ? {} : { onLine }) });
  const problems = result.violations.length > 0 ? [] : await oracleProblems(plan, result, crd);
  return {
    seed,
    plan,
    violations: [...result.violations, ...problems],
    result,
    digest: createHash("sha256").update(result.trace.join("\n")).digest("hex").slice(0, 16),
  };
}

/** One line about what a plan has in it. */
export function planText(plan: Plan): string {
  const moves = plan.moves.map(({ kind }) => kind);
  const counts = [...new Set(moves)].map((kind) => `${kind}:${moves.filter((it) => it === kind).length}`);
  return `${plan.rollouts.length} rollouts, moves ${counts.join(" ")}, faults ${faultClasses(plan.faults).join(" ") || "none"}`;
}
